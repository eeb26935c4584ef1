/** Replays traces of requests over the prefix tree without a model: how much would each eviction policy have saved? */
@NullMarked
package io.github.pastkv.bench.replay;

import org.jspecify.annotations.NullMarked;
