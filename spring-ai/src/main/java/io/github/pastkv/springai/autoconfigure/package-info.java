/** Spring Boot's auto-configuration of a model: properties, beans, health and meters. */
@NullMarked
package io.github.pastkv.springai.autoconfigure;

import org.jspecify.annotations.NullMarked;
