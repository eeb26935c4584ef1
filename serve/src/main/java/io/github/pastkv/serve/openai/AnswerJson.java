package io.github.pastkv.serve.openai;

import io.github.pastkv.model.generation.TokenLogProbability;
import io.github.pastkv.serve.run.RunEvent;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The JSON of one answer of an endpoint: whole, or in the chunks of a stream. */
interface AnswerJson extends WholeAnswer.Format {
    /** The first chunk of a choice; null for none. */
    @Nullable
    ObjectNode first(int choice);

    /** A chunk of a choice. */
    default ObjectNode piece(RunEvent.Piece piece) {
        return switch (piece) {
            case RunEvent.Text text -> text(text.choice(), text.text(), text.tokens());
            case RunEvent.CallStarted call -> callStarted(call);
            case RunEvent.CallArguments arguments -> callArguments(arguments);
        };
    }

    /** A chunk that begins a call of a tool. */
    default ObjectNode callStarted(RunEvent.CallStarted call) {
        throw new IllegalStateException("no tools were given, but " + call.name() + " is called");
    }

    /** A chunk of a call's arguments. */
    default ObjectNode callArguments(RunEvent.CallArguments arguments) {
        throw new IllegalStateException("no tools were given, but one is called");
    }

    /** A chunk of a choice's text. */
    ObjectNode text(int choice, String text, List<TokenLogProbability> tokens);

    /** The last chunk of a choice. */
    ObjectNode last(int choice, String finishReason);

    /** The chunk after the last choice, with the usage. */
    ObjectNode usage(Usage usage);
}
