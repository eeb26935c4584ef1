package io.github.pastkv.cli.chat;

import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.cli.io.ByteSize;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.generation.Generation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a conversation has cost so far, over all branches. */
final class ChatStats {
    private final Conversation conversation;
    private @Nullable Turn last;
    private long numKnown;
    private long numComputed;
    private long numAnswered;

    ChatStats(Conversation conversation) {
        this.conversation = conversation;
    }

    void add(Turn turn) {
        last = turn;
        numKnown += turn.numKnownTokens();
        turn.generation().ifPresent(generation -> {
            numComputed += generation.numPromptTokens();
            numAnswered += generation.rows().getFirst().tokenIds().size();
        });
    }

    List<String> lines() {
        Session session = conversation.session();
        List<String> lines = new ArrayList<>();
        lines.add(
                String.format(Locale.ROOT, "context    %d of %d tokens in %s", conversation.branch().numCachedTokens(),
                        session.maxSeqLen(), conversation.branch().name()));
        lines.add(String.format(Locale.ROOT, "cache      %s in all branches together",
                new ByteSize(session.cache().pool().heldBytes())));
        if (last != null && last.generation().isPresent()) {
            Generation generation = last.generation().get();
            lines.add(String.format(Locale.ROOT,
                    "last turn  %d tokens were in the cache, %d read in %.0f ms, %d answered at %.1f tok/s",
                    last.numKnownTokens(), generation.numPromptTokens(), generation.promptNanos() / 1e6,
                    generation.rows().getFirst().tokenIds().size(), generation.decodeTokensPerSecond()));
        }
        lines.add(String.format(Locale.ROOT, "in all     %d tokens were in the cache, %d read, %d answered", numKnown,
                numComputed, numAnswered));
        return lines;
    }
}
