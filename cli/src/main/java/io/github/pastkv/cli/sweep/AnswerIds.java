package io.github.pastkv.cli.sweep;

import tools.jackson.databind.node.ObjectNode;

/**
 * Two tokens that are weighed against each other.
 *
 * @param answer the right one; {@link #NONE} where no metric asks for it
 * @param wrong the wrong one; {@link #NONE} where no metric asks for it
 */
record AnswerIds(int answer, int wrong) {
    /** No token. */
    static final int NONE = -1;

    /** Writes those that are there. */
    void describe(ObjectNode json) {
        if (answer != NONE) {
            json.put("answer_token", answer);
        }
        if (wrong != NONE) {
            json.put("wrong_token", wrong);
        }
    }
}
