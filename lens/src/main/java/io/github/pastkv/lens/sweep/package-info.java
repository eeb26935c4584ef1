/**
 * Sweeps as data: what is run ({@link io.github.pastkv.lens.sweep.Sweep}), pieces of it that any machine with the same
 * model can run ({@link io.github.pastkv.lens.sweep.SweepTask}), their numbers
 * ({@link io.github.pastkv.lens.sweep.SweepPart}) and the whole ({@link io.github.pastkv.lens.sweep.SweepResult}).
 * However a sweep is cut, and in whatever order its parts are merged, the numbers are the same bits.
 */
@NullMarked
package io.github.pastkv.lens.sweep;

import org.jspecify.annotations.NullMarked;
