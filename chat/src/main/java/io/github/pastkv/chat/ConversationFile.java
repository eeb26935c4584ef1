package io.github.pastkv.chat;

import io.github.pastkv.model.Model;
import io.github.pastkv.model.SavedSessions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A conversation in a file: the sessions of its branches, and beside them their messages and turns as JSON. */
final class ConversationFile {
    private static final String NOTE = "conversation";

    private ConversationFile() {}

    static void write(Path file, List<Branch> branches, String current) throws IOException {
        ObjectNode json = JsonMapper.shared().createObjectNode().put("current", current);
        ArrayNode list = json.putArray("branches");
        branches.forEach(branch -> put(list.addObject(), branch.state()));
        SavedSessions.write(file, branches.stream().map(Branch::session).toList(), Map.of(NOTE, json.toString()));
    }

    private static void put(ObjectNode json, Branch.State branch) {
        json.put("name", branch.name());
        json.put("parent", branch.parent());
        json.put("num_shared_turns", branch.numSharedTurns());
        put(json.putArray("messages"), branch.messages());
        ArrayNode turns = json.putArray("turns");
        for (Turn turn : branch.turns()) {
            ObjectNode one = turns.addObject().put("num_known_tokens", turn.numKnownTokens());
            put(one.putArray("asked"), turn.asked());
            put(one.putArray("answer"), List.of(turn.message()));
        }
        put(json.putArray("cached_ids"), branch.cachedIds());
        put(json.putArray("last_ids"), branch.lastIds());
    }

    private static void put(ArrayNode list, List<ChatMessage> messages) {
        for (ChatMessage message : messages) {
            ObjectNode one = list.addObject();
            one.set("message", message.json());
            put(one.putArray("token_ids"), message.tokenIds().stream().mapToInt(id -> id).toArray());
        }
    }

    private static void put(ArrayNode list, int[] numbers) {
        Arrays.stream(numbers).forEach(list::add);
    }

    static Conversation read(Model model, Path file, @Nullable SessionOptions options, ChatFormat format)
            throws IOException {
        if (model.tokenizer().isEmpty()) {
            throw new IllegalArgumentException("model: " + model.folder() + " has no tokenizer");
        }
        SavedSessions saved = SavedSessions.open(model, file, options);
        try {
            return conversation(saved, format);
        } catch (RuntimeException e) {
            saved.sessions().forEach(Session::close);
            throw new IOException(file + ": is no conversation: " + e.getMessage(), e);
        }
    }

    private static Conversation conversation(SavedSessions saved, ChatFormat format) {
        String note = saved.notes().get(NOTE);
        require(note != null, "it has sessions only");
        JsonNode json = JsonMapper.shared().readTree(Objects.requireNonNull(note));
        List<JsonNode> list = json.path("branches").valueStream().toList();
        require(!list.isEmpty() && list.size() == saved.sessions().size(),
                list.size() + " branches and " + saved.sessions().size() + " sessions");
        List<Branch> branches = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            Branch.State state = state(list.get(i));
            Session session = saved.sessions().get(i);
            require(session.batchSize() == 1 && session.numTokens(0) == state.cachedIds().length, state.name() + " has "
                    + state.cachedIds().length + " tokens, its session " + session.numTokens(0));
            require(branches.stream().noneMatch(branch -> branch.name().equals(state.name())),
                    "it has two branches " + state.name());
            branches.add(Branch.of(state, session));
        }
        String current = json.path("current").stringValue();
        require(branches.stream().anyMatch(branch -> branch.name().equals(current)), "there is no branch " + current);
        return new Conversation(branches, current, format);
    }

    private static Branch.State state(JsonNode json) {
        List<Turn> turns = json.path("turns").valueStream().map(turn -> new Turn(messages(turn.path("asked")),
                messages(turn.path("answer")).getFirst(), Optional.empty(), turn.path("num_known_tokens").intValue()))
                .toList();
        JsonNode parent = json.path("parent");
        return new Branch.State(json.path("name").stringValue(), parent.isNull() ? null : parent.stringValue(),
                json.path("num_shared_turns").intValue(), messages(json.path("messages")), turns,
                numbers(json.path("cached_ids")), numbers(json.path("last_ids")));
    }

    private static List<ChatMessage> messages(JsonNode list) {
        return list.valueStream().map(one -> ChatMessage.of(one.path("message"))
                .withTokenIds(Arrays.stream(numbers(one.path("token_ids"))).boxed().toList())).toList();
    }

    private static int[] numbers(JsonNode list) {
        return list.valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
