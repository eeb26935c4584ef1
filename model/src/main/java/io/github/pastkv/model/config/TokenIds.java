package io.github.pastkv.model.config;

import java.util.List;
import java.util.OptionalInt;

/**
 * Token ids with a meaning to the model.
 *
 * @param bos begins a sequence, if the model has one
 * @param eos each of these ends a sequence; may be empty, and some files name ids beyond the vocabulary
 * @param pad fills rows of a batch, if the model has one
 */
public record TokenIds(OptionalInt bos, List<Integer> eos, OptionalInt pad) {
    public TokenIds {
        eos = List.copyOf(eos);
    }
}
