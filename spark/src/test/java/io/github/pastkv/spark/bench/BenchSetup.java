package io.github.pastkv.spark.bench;

import java.nio.file.Path;

/**
 * What both sides have in common.
 *
 * @param model folder or GGUF file
 * @param folder for files of requests and answers
 * @param compute a {@link io.github.pastkv.model.ComputeChoice} by name
 * @param kvType a {@link io.github.pastkv.cache.layout.KvType} by name
 * @param numThreads compute threads
 * @param maxRunning requests that run at once
 * @param numNew tokens of an answer
 */
record BenchSetup(Path model, Path folder, String compute, String kvType, int numThreads, int maxRunning, int numNew) {}
