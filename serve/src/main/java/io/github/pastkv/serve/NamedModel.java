package io.github.pastkv.serve;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.SessionOptions;

/**
 * A model to be served.
 *
 * @param name what requests call it
 * @param model with a tokenizer; the server closes it
 * @param sessions how its requests keep their past; the salt is replaced
 */
public record NamedModel(String name, Model model, SessionOptions sessions) {}
