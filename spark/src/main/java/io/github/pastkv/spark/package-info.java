/**
 * Batches and sweeps on Apache Spark, cut by shared prefix, with results that do not depend on partitions, retries or
 * the size of the cluster. Start with {@link io.github.pastkv.spark.PastKvGenerate},
 * {@link io.github.pastkv.spark.PastKvScore} or {@link io.github.pastkv.spark.PastKv}.
 */
@NullMarked
package io.github.pastkv.spark;

import org.jspecify.annotations.NullMarked;
