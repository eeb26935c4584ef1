package io.github.pastkv.lens.sweep;

import io.github.pastkv.model.Model;
import java.io.IOException;

/**
 * Identifies the model of a sweep. Models with equal digest and arithmetic give the same bits.
 *
 * @param name display name; not part of the identity
 * @param architecture of its configuration
 * @param numParameters parameters
 * @param digest of its configuration and weights (see {@link io.github.pastkv.model.files.ModelSource#digest})
 * @param arithmetic the numeric identity of its kernels (see {@link Model#numericIdentity})
 */
public record ModelIdentity(String name, String architecture, long numParameters, String digest, String arithmetic) {
    /** The identity of a loaded model. Reads all its weights, at about a gigabyte a second. */
    public static ModelIdentity of(Model model, String name) throws IOException {
        return new ModelIdentity(name, model.config().architecture(), model.numParameters(),
                model.source().digest(), model.numericIdentity());
    }
}
