package io.github.pastkv.tests.docs;

import io.github.pastkv.chat.Chat;
import io.github.pastkv.chat.ChatFormat;
import io.github.pastkv.chat.ChatFormats;
import io.github.pastkv.chat.ChatMessage;
import io.github.pastkv.chat.Conversation;
import io.github.pastkv.chat.Turn;
import io.github.pastkv.chat.tools.ToolCall;
import io.github.pastkv.chat.tools.ToolDefinition;
import io.github.pastkv.chat.tools.Tools;
import io.github.pastkv.model.Model;
import io.github.pastkv.model.Session;
import io.github.pastkv.model.SessionOptions;
import io.github.pastkv.model.generation.GenerationListener;
import io.github.pastkv.model.generation.GenerationOptions;
import io.github.pastkv.model.generation.RecordType;
import io.github.pastkv.model.grammar.Grammar;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The Java of docs/library.md and docs/structured-output.md; compiled, not run, as its model is a user's. */
final class LibrarySnippets {
    record Pet(String name, int age, boolean likesBoats) {}

    private LibrarySnippets() {}

    static void pet() throws IOException {
        try (Model model = Model.load(Path.of("/models/SmolLM2-135M-Instruct")); Session session = model.newSession()) {
            Pet pet = session.generate("Max is a dog of three years. As JSON: ", Pet.class);
            System.out.println(pet);
        }
    }

    static List<Pet> pets(Session session, Chat chat) {
        RecordType<Pet> type = RecordType.of(Pet.class); // reuse it
        Pet pet = session.generate("A dog as JSON: ", type, GenerationOptions.greedy(200));
        Pet cat = chat.answer(List.of(ChatMessage.user("A cat as JSON.")), type, GenerationOptions.greedy(200));
        return List.of(pet, cat);
    }

    static void text() throws IOException {
        try (Model model = Model.load(Path.of("/models/SmolLM2-135M")); Session session = model.newSession()) {
            System.out.println(session.generate("The capital of France is").text()); // ends at end-of-text
            session.generate(" In Italy,", GenerationOptions.greedy(20), piece -> System.out.print(piece));
            try (Stream<String> pieces = session.stream(" In Spain,", GenerationOptions.greedy(20))) {
                pieces.forEach(System.out::print);
            }
        }
    }

    static void answer() throws IOException {
        try (Model model = Model.load(Path.of("/models/SmolLM2-135M-Instruct"))) {
            Chat chat = Chat.of(model);
            Turn turn = chat.answer(List.of(ChatMessage.user("Name a color.")), GenerationOptions.greedy(40),
                    GenerationListener.NONE);
            System.out.println(turn.answer());
        }
    }

    static void color() throws IOException {
        Grammar color = Grammar.ofChoices(List.of("red", "green", "blue"));
        try (Model model = Model.load(Path.of("/models/SmolLM2-135M-Instruct"))) {
            Chat chat = Chat.of(model);
            Turn turn = chat.answer(List.of(ChatMessage.user("Name a color.")),
                    GenerationOptions.greedy(40).withGrammar(color), GenerationListener.NONE);
            System.out.println(turn.answer());
        }
    }

    static void tools() throws IOException {
        ToolDefinition weather = ToolDefinition.of("get_weather", "The weather of a city.", """
                {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}""");
        GenerationOptions options = GenerationOptions.greedy(200);
        try (Model model = Model.load(Path.of("/models/Qwen3-0.6B"))) {
            ChatFormat format = ChatFormats.of(model).withTools(Tools.of(List.of(weather)));
            Conversation conversation = new Conversation(model.newSession(SessionOptions.defaults()), format);
            Turn turn = conversation.say("How is the weather in Bonn?", options, GenerationListener.NONE);
            while (!turn.message().toolCalls().isEmpty()) {
                List<ChatMessage> results = new ArrayList<>();
                for (ToolCall call : turn.message().toolCalls()) { // call.name() with call.arguments()
                    results.add(ChatMessage.tool(call.id(), "{\"degrees\": 12}"));
                }
                turn = conversation.answer(results, options, GenerationListener.NONE);
            }
            System.out.println(turn.answer());
        }
    }
}
