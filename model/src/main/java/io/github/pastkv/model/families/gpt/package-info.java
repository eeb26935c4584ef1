/** GPT-2 and the families that grew beside it, each with configuration keys of its own. */
@NullMarked
package io.github.pastkv.model.families.gpt;

import org.jspecify.annotations.NullMarked;
