/** Times Spark beside {@code pastkv batch}. */
package io.github.pastkv.spark.bench;
