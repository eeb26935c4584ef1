package io.github.pastkv.tests.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import io.github.pastkv.cache.PoolExhaustedException;
import io.github.pastkv.chat.BranchInfo;
import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.ChatTemplate;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.PlainFormat;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.SavedSessions;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.FinishReason;
import io.github.pastkv.model.generation.GeneratedRow;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.sampling.SamplingOptions;
import io.github.pastkv.model.tokenizer.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers of a conversation equal those of a fresh session, and only new tokens are computed. */
class ConversationTest {
    private static final GenerationOptions OPTIONS = GenerationOptions.greedy(12)
            .withSampling(SamplingOptions.GREEDY.withTemperature(0.8).withSeed(4).withRepetitionPenalty(1.3))
            .withStopTokens(Set.of(0)).withMaxDraftTokens(3);
    private static final List<String> SAID = List.of("Once upon a time", "Then Mary", "At last <|endoftext|> they");

    @TempDir Path folder;
    private Model model;

    @BeforeEach
    void load() throws IOException {
        model = Model.load(ChatFolder.in(folder, ChatFolder.TEMPLATE));
    }

    @AfterEach
    void close() {
        model.close();
    }

    private ChatFormat format(String name) throws IOException {
        return switch (name) {
            case "plain", "system" -> PlainFormat.of(model);
            case "template" -> ChatTemplate.find(model).orElseThrow();
            default -> new Forgetful(format("plain"));
        };
    }

    /** Forgets all answers but the last, as templates leave out old thinking. */
    private record Forgetful(ChatFormat all) implements ChatFormat {
        @Override
        public int[] encode(List<ChatMessage> messages) {
            return all.encode(messages.subList(Math.max(0, messages.size() - 3), messages.size()));
        }

        @Override
        public boolean continuesText() {
            return all.continuesText();
        }

        @Override
        public Set<Integer> stopTokens() {
            return all.stopTokens();
        }
    }

    private Conversation conversation(ChatFormat format) {
        return new Conversation(model.newSession(), format);
    }

    /** Says it, and requires the answer to be that of a session that has computed nothing before. */
    private Turn say(Conversation conversation, ChatFormat format, String user) {
        int[] ids = conversation.promptIds(List.of(ChatMessage.user(user)));
        List<ChatMessage> messages = new ArrayList<>(conversation.messages());
        messages.add(ChatMessage.user(user));
        TextTokenizer tokenizer = model.tokenizer().orElseThrow();
        assertThat(tokenizer.decode(ids, false)).isEqualTo(tokenizer.decode(format.encode(messages), false));
        GeneratedRow expected;
        try (Session fresh = model.newSession()) {
            expected = fresh.generate(new int[][] {ids}, OPTIONS, GenerationListener.NONE).rows().getFirst();
        }
        Turn turn = conversation.say(user, OPTIONS, GenerationListener.NONE);
        assertThat(turn.generation().orElseThrow().rows().getFirst()).isEqualTo(expected);
        assertThat(turn.numKnownTokens() + turn.generation().orElseThrow().numPromptTokens()).isEqualTo(ids.length);
        assertThat(conversation.session().numTokens(0)).isEqualTo(conversation.branch().numCachedTokens());
        conversation.session().cache().checkIntegrity();
        return turn;
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "system", "template", "forgetful"})
    void everyTurn_isThatOfAFreshSession(String name) throws IOException {
        ChatFormat format = format(name);
        List<ChatMessage> before = switch (name) {
            case "system" -> List.of(ChatMessage.system("A story."));
            case "template" -> List.of(ChatMessage.system("Be kind."));
            default -> List.of();
        };
        try (Conversation conversation = Conversation.of(model.newSession(), format, before)) {
            int numKnown = 0;
            for (String user : SAID) {
                numKnown = say(conversation, format, user).numKnownTokens();
            }
            assertThat(numKnown > 0).isEqualTo(!name.equals("forgetful")); // which then begins otherwise
            assertThat(conversation.turns()).extracting(Turn::user).isEqualTo(SAID);
        }
    }

    @Test
    void turn_computesItsOwnTokensOnly() throws IOException {
        ChatFormat format = format("plain"); // a template may trim what is past
        try (Conversation conversation = conversation(format)) {
            say(conversation, format, SAID.get(0));
            int numCached = conversation.branch().numCachedTokens();
            Turn turn = say(conversation, format, SAID.get(1));
            assertThat(turn.numKnownTokens()).isEqualTo(numCached);
            assertThat(turn.generation().orElseThrow().numPromptTokens()).isLessThan(12);
        }
    }

    @Test
    void undo_takesBackTheTurn_andItsQuestionNeedNotBeReadAgain() throws IOException {
        ChatFormat format = format("plain");
        try (Conversation conversation = conversation(format)) {
            assertThat(conversation.undo()).isEmpty();
            say(conversation, format, SAID.get(0));
            Turn second = say(conversation, format, SAID.get(1));
            assertThat(conversation.undo()).contains(second);
            Turn again = say(conversation, format, SAID.get(1));
            assertThat(again.generation().orElseThrow().rows()).isEqualTo(second.generation().orElseThrow().rows());
            assertThat(again.generation().orElseThrow().numPromptTokens()).isEqualTo(1); // the last one, for its logits
            conversation.undo();
            conversation.undo();
            say(conversation, format, SAID.get(2));
            assertThat(conversation.turns()).hasSize(1);
        }
    }

    @Test
    void branches_goTheirOwnWays() throws IOException {
        ChatFormat format = format("template");
        try (Conversation conversation = conversation(format)) {
            say(conversation, format, SAID.get(0));
            conversation.fork("other");
            Turn forked = say(conversation, format, SAID.get(1));
            assertThat(forked.numKnownTokens()).isPositive();
            conversation.fork("third");
            conversation.undo();
            conversation.undo();
            say(conversation, format, SAID.get(2));
            conversation.switchTo(Conversation.MAIN);
            assertThat(conversation.turns()).hasSize(1);
            assertThat(say(conversation, format, SAID.get(1)).generation().orElseThrow().rows())
                    .isEqualTo(forked.generation().orElseThrow().rows());
            conversation.switchTo("other");
            assertThat(conversation.turns()).containsExactly(conversation.turns().getFirst(), forked);
            assertThat(conversation.branches()).extracting(BranchInfo::name, BranchInfo::parent,
                    BranchInfo::numSharedTurns, BranchInfo::numTurns, BranchInfo::isCurrent)
                    .containsExactly(tuple("main", null, 0, 2, false),
                            tuple("other", "main", 1, 2, true),
                            tuple("third", "other", 0, 1, false));
            assertThatThrownBy(() -> conversation.fork("third")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("name: there is a branch third already");
            assertThatThrownBy(() -> conversation.switchTo("x")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("name: there is no branch x, only main, other, third");
        }
    }

    @Test
    void close_givesAllMemoryBack() throws IOException {
        Conversation conversation = conversation(format("plain"));
        conversation.say(SAID.get(0), OPTIONS, GenerationListener.NONE);
        conversation.fork("other");
        conversation.say(SAID.get(1), OPTIONS, GenerationListener.NONE);
        var pool = conversation.session().cache().pool();
        assertThat(pool.heldBytes()).isPositive();
        conversation.close();
        assertThat(pool.heldBytes()).isZero();
    }

    @Test
    void contextThatIsFull_endsTheAnswer_andRefusesMoreWithoutLoss() throws IOException {
        ChatFormat format = format("plain");
        SessionOptions small = SessionOptions.defaults().withMaxSeqLen(24);
        GenerationOptions endless = GenerationOptions.greedy(100);
        try (Conversation conversation = new Conversation(model.newSession(small), format)) {
            Turn turn = conversation.say(SAID.get(0), endless, GenerationListener.NONE);
            assertThat(turn.generation().orElseThrow().rows().getFirst().reason()).isEqualTo(FinishReason.CONTEXT_FULL);
            assertThat(conversation.session().numTokens(0)).isEqualTo(24);
            assertThatThrownBy(() -> conversation.say(SAID.get(1), endless, GenerationListener.NONE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageMatching("the conversation would have \\d+ tokens, the context is 24");
            assertThat(conversation.turns()).containsExactly(turn);
            assertThat(conversation.session().numTokens(0)).isEqualTo(24);
            conversation.undo();
            assertThat(conversation.say(SAID.get(0), endless, GenerationListener.NONE).answer())
                    .isEqualTo(turn.answer());
        }
    }

    @Test
    void poolThatIsFull_addsNoTurn_andTheConversationGoesOn() throws IOException {
        ChatFormat format = format("plain");
        SessionOptions roomy = SessionOptions.defaults().withBlockSize(4);
        long bytes;
        Turn first;
        try (Conversation conversation = new Conversation(model.newSession(roomy), format)) {
            first = conversation.say(SAID.get(0), OPTIONS, GenerationListener.NONE);
            bytes = conversation.session().cache().cacheBytes();
        }
        SessionOptions tight = roomy.withMaxPoolBytes(bytes);
        try (Conversation conversation = new Conversation(model.newSession(tight), format)) {
            conversation.say(SAID.get(0), OPTIONS, GenerationListener.NONE);
            assertThatThrownBy(() -> conversation.say(SAID.get(1), OPTIONS, GenerationListener.NONE))
                    .isInstanceOf(PoolExhaustedException.class);
            assertThat(conversation.turns()).hasSize(1);
            conversation.undo();
            assertThat(conversation.say(SAID.get(0), OPTIONS, GenerationListener.NONE).answer())
                    .isEqualTo(first.answer());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void listenerThatFailsOrCancels_leavesARightConversation(int limit) throws IOException {
        ChatFormat format = format("plain");
        try (Conversation conversation = conversation(format)) {
            List<Integer> heard = new ArrayList<>();
            assertThatThrownBy(() -> conversation.say(SAID.get(0), OPTIONS, new GenerationListener() {
                @Override
                public boolean onToken(int row, int tokenId) {
                    heard.add(tokenId);
                    if (heard.size() == limit) {
                        throw new IllegalStateException("enough");
                    }
                    return true;
                }
            })).hasMessage("enough");
            assertThat(conversation.turns()).isEmpty();
            say(conversation, format, SAID.get(0));
            int[] numHeard = {0};
            Turn canceled = conversation.say(SAID.get(1), OPTIONS, new GenerationListener() {
                @Override
                public boolean onToken(int row, int tokenId) {
                    return ++numHeard[0] < limit;
                }
            });
            assertThat(canceled.generation().orElseThrow().rows().getFirst().reason())
                    .isEqualTo(FinishReason.CANCELED);
            assertThat(conversation.turns()).hasSize(2);
            say(conversation, format, SAID.get(2));
        }
    }

    @Test
    void badInput_isRefused() throws IOException {
        ChatFormat format = format("plain");
        try (Session used = model.newSession(); Conversation conversation = conversation(format)) {
            used.append(1, 2);
            assertThatThrownBy(() -> new Conversation(used, format)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("session: has 1 rows and 2 slots, must be one empty row");
            assertThatThrownBy(() -> conversation.say("", OPTIONS, GenerationListener.NONE))
                    .isInstanceOf(IllegalArgumentException.class).hasMessage("user: the message is empty");
            assertThatThrownBy(
                    () -> conversation.say("a", OPTIONS.withNumReturnSequences(2), GenerationListener.NONE))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("numReturnSequences: 2");
        }
    }

    @Test
    void givenMessages_areTurns_andTheLastQuestionIsAnswered() throws IOException {
        ChatFormat format = format("template");
        List<ChatMessage> messages = List.of(ChatMessage.system("Be kind."), ChatMessage.user("Hi"),
                ChatMessage.assistant("Hello."), ChatMessage.user(SAID.get(1)));
        try (Conversation conversation = Conversation.of(model.newSession(), format, messages);
                Session fresh = model.newSession()) {
            assertThat(conversation.turns()).extracting(Turn::user, Turn::answer)
                    .containsExactly(tuple("Hi", "Hello."));
            Turn turn = conversation.answer(List.of(), OPTIONS, GenerationListener.NONE);
            assertThat(turn.generation().orElseThrow().rows())
                    .isEqualTo(fresh.generate(new int[][] {format.encode(messages)}, OPTIONS, GenerationListener.NONE)
                            .rows());
            assertThat(conversation.messages()).hasSize(5).startsWith(messages.toArray(ChatMessage[]::new));
            conversation.dropOldest(1);
            assertThat(conversation.messages()).extracting(ChatMessage::role)
                    .containsExactly("system", "user", "assistant");
            assertThatThrownBy(() -> conversation.dropOldest(2)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("numTurns: 2, there are 1");
            conversation.load("other", messages.subList(0, 3));
            assertThat(conversation.turns()).hasSize(1);
            say(conversation, format, SAID.get(1));
        }
    }

    /** Sampled tokens are seldom those that the tokenizer makes of their text. */
    @Test
    void answersOfEarlierCalls_areNotComputedAgain_whenAClientSendsThemBack() throws IOException {
        model.close();
        model = Model.load(ChatFolder.in(Files.createDirectory(folder.resolve("other")), "{% for m in messages %}"
                + "{{ m.role + ':' + m.content + '<|endoftext|>' }}{% endfor %}assistant:"));
        Chat chat = Chat.of(model);
        GenerationOptions wild = OPTIONS.withSampling(SamplingOptions.GREEDY.withTemperature(3).withSeed(9));
        List<ChatMessage> messages = new ArrayList<>();
        int numBefore = 0;
        for (String user : SAID) {
            messages.add(ChatMessage.user(user));
            Turn turn = chat.answer(messages, wild, GenerationListener.NONE);
            assertThat(turn.generation().orElseThrow().numReusedTokens()).as("%s", turn)
                    .isGreaterThanOrEqualTo(numBefore);
            numBefore = turn.generation().orElseThrow().numPromptTokens()
                    // a block that is not full
                    + turn.generation().orElseThrow().rows().getFirst().tokenIds().size() - 16;
            messages.add(ChatMessage.assistant(turn.answer())); // as a client has it, without tokens
        }
        assertThat(numBefore).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{'current':'main','branches':[BRANCH{'asked':[],'answer':[],'num_known_tokens':0}END,BRANCH END]}",
        "{'current':'main','branches':[BRANCH END,BRANCH END]}", "{'current':'main','branches':[{},{}]}",
        "{'current':3,'branches':[BRANCH END,BRANCH END]}", "[", "{}"})
    void savedNoteOfWrongForm_isRefusedNamingTheFile_andNoSessionStaysOpen(String note) throws IOException {
        Path file = folder.resolve("forged.chat");
        SessionOptions options = SessionOptions.defaults();
        String json =
                note.replace("BRANCH", "{'name':'main','parent':null,'num_shared_turns':0,'messages':[],'turns':[")
                        .replace("END", "],'cached_ids':[1,2],'last_ids':[]}").replace('\'', '"');
        try (Session session = model.newSession(options); Session fork = session.fork()) {
            session.append(1, 2);
            fork.append(1, 2);
            SavedSessions.write(file, List.of(session, fork), Map.of("conversation", json));
        }
        assertThatThrownBy(() -> Conversation.open(model, file, null, format("plain"))).isInstanceOf(IOException.class)
                .hasMessageContaining(file + ": is no conversation");
        try (Session session = model.newSession(options)) {
            assertThat(session.cache().pool().heldBytes()).isZero();
        }
    }

    @Test
    void nullAmongMessages_isRefusedByItsPlace() throws IOException {
        List<ChatMessage> messages = Arrays.asList(ChatMessage.user("a"), null);
        ChatFormat format = format("plain");
        assertNullMessage(() -> new Chat(model, format).answer(messages, OPTIONS, GenerationListener.NONE));
        try (Session session = model.newSession()) {
            assertNullMessage(() -> Conversation.of(session, format, messages));
        }
        try (Conversation conversation = conversation(format)) {
            assertNullMessage(() -> conversation.answer(messages, OPTIONS, GenerationListener.NONE));
            assertNullMessage(() -> conversation.load("b", messages));
            assertThat(conversation.branches()).hasSize(1);
        }
    }

    private static void assertNullMessage(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(NullPointerException.class).hasMessage("messages: 1 is null");
    }
}
