/** The programs of docs/spark.md, as they stand there, and a test that runs them. */
package io.github.pastkv.spark.docs;
