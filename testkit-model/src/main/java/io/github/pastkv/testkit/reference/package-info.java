/** Results of reference libraries on the golden models, read with the safetensors reader of module {@code model}. */
@NullMarked
package io.github.pastkv.testkit.reference;

import org.jspecify.annotations.NullMarked;
