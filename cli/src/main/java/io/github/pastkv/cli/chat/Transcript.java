package io.github.pastkv.cli.chat;

import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.cli.io.OutFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/** Writes conversations to files. A file that was there before is left alone. */
final class Transcript {
    private final Set<Path> ours = new HashSet<>();

    /**
     * Writes the current branch as text or JSON, or all of a conversation, by the ending of the name.
     *
     * @return what was written, in words
     */
    String save(String name, Conversation conversation) throws IOException {
        Path file = toPath(name);
        if (Files.exists(file) && !ours.contains(file.toAbsolutePath())) {
            throw new IllegalArgumentException(file + ": already exists; choose another name");
        }
        int numTurns = conversation.turns().size();
        String what = numTurns + (numTurns == 1 ? " turn" : " turns");
        if (name.endsWith(".json")) {
            OutFile.write(file, toJson(conversation.messages()));
        } else if (name.endsWith(".txt") || name.endsWith(".md")) {
            OutFile.write(file, toText(conversation.turns()));
        } else {
            OutFile.write(file, conversation::save);
            int numBranches = conversation.branches().size();
            what = numBranches + (numBranches == 1 ? " branch" : " branches");
        }
        ours.add(file.toAbsolutePath());
        return what + " to " + file;
    }

    static Path toPath(String name) {
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException(name + ": is not a file name", e);
        }
    }

    /** As chat programs exchange it: roles and contents. */
    private static String toJson(List<ChatMessage> messages) {
        ArrayNode list = JsonMapper.shared().createArrayNode();
        messages.forEach(message -> list.add(message.json()));
        return list.toPrettyString() + "\n";
    }

    private static String toText(List<Turn> turns) {
        StringBuilder text = new StringBuilder();
        for (Turn turn : turns) {
            text.append("> ").append(turn.user().strip()).append("\n\n").append(turn.answer().strip()).append("\n\n");
        }
        return text.toString();
    }
}
