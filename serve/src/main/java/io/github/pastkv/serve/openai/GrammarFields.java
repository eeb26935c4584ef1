package io.github.pastkv.serve.openai;

import io.github.pastkv.model.grammar.Grammar;
import io.github.pastkv.model.grammar.GrammarCache;
import io.github.pastkv.serve.request.ApiException;
import io.github.pastkv.serve.request.RequestFields;
import io.github.pastkv.serve.request.RequestValues;
import io.github.pastkv.serve.run.ServedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Reads what an answer must look like: OpenAI's {@code response_format}, llama.cpp's {@code json_schema} and
 * {@code grammar}, and vLLM's {@code guided_...} and {@code structured_outputs}. At most one of them may be there.
 */
final class GrammarFields {
    private static final int MAX_CHOICES = 10_000;

    private final RequestFields fields;
    private final GrammarCache grammars;
    private final ServedModel model;

    GrammarFields(RequestFields fields, ServedModel model) {
        this.fields = fields;
        this.grammars = model.grammars();
        this.model = model;
    }

    /** A grammar that was asked for, and the field that did. */
    private record Request(String field, GrammarCache.Kind kind, String text) {}

    /**
     * A grammar of answers.
     *
     * @param field that asked for it
     */
    record AnswerGrammar(String field, Grammar grammar) {}

    /** The grammar; empty for any text. */
    Optional<AnswerGrammar> read() {
        List<Request> requests = new ArrayList<>();
        responseFormat().ifPresent(requests::add);
        addTo(requests, fields, "", "guided_");
        fields.find("structured_outputs").ifPresent(json -> {
            RequestFields inner = RequestFields.of("structured_outputs", json);
            addTo(requests, inner, "structured_outputs.", "");
            inner.requireAllRead();
        });
        fields.find("json_schema").ifPresent(json -> requests.add(schema("json_schema", json)));
        fields.findString("grammar").ifPresent(
                text -> requests.add(new Request("grammar", GrammarCache.Kind.GBNF, text)));
        if (requests.size() > 1) {
            throw ApiException.badField(requests.get(1).field(), "does not go with " + requests.getFirst().field());
        }
        return requests.stream().findFirst().map(request -> new AnswerGrammar(request.field(), compile(request)));
    }

    /** vLLM's fields, which differ in the beginning of their names. */
    private static void addTo(List<Request> requests, RequestFields from, String path, String prefix) {
        from.find(prefix + "json").ifPresent(json -> requests.add(schema(path + prefix + "json", json)));
        from.findString(prefix + "regex").ifPresent(text -> requests.add(
                new Request(path + prefix + "regex", GrammarCache.Kind.REGEX, text)));
        from.findString(prefix + "grammar").ifPresent(text -> requests.add(
                new Request(path + prefix + "grammar", GrammarCache.Kind.GBNF, text)));
        from.find(prefix + "choice").ifPresent(json -> requests.add(choices(path + prefix + "choice", json)));
    }

    private static Request choices(String field, JsonNode json) {
        for (JsonNode choice : RequestValues.requireArray(field, json, MAX_CHOICES).values()) {
            if (!choice.isString()) {
                throw RequestValues.wrongType(field, "an array of strings", choice);
            }
        }
        return new Request(field, GrammarCache.Kind.CHOICES, json.toString());
    }

    /** A schema as an object, or as a text that holds one. */
    private static Request schema(String field, JsonNode json) {
        if (!json.isObject() && !json.isString() && !json.isBoolean()) {
            throw RequestValues.wrongType(field, "a JSON schema", json);
        }
        return new Request(field, GrammarCache.Kind.JSON_SCHEMA,
                json.isString() ? json.stringValue() : json.toString());
    }

    private Optional<Request> responseFormat() {
        Optional<JsonNode> json = fields.find("response_format");
        if (json.isEmpty()) {
            return Optional.empty();
        }
        RequestFields format = RequestFields.of("response_format", json.get());
        try {
            Optional<Request> request = switch (format.findString("type").orElse("")) {
                case "text" -> Optional.empty();
                case "json_object" -> Optional.of(format.find("schema").map(each -> schema("schema", each))
                        .orElse(new Request("type", GrammarCache.Kind.JSON_OBJECT, "")));
                case "json_schema" -> Optional.of(format.find("schema").map(each -> schema("schema", each))
                        .orElseGet(() -> namedSchema(format)));
                default -> throw ApiException.unsupported("type",
                        "only text, json_object and json_schema are supported");
            };
            format.requireAllRead();
            return request.map(each -> new Request("response_format." + each.field(), each.kind(), each.text()));
        } catch (ApiException e) {
            throw e.within("response_format");
        }
    }

    /** OpenAI's form. Its {@code strict} changes nothing: a schema always holds. */
    private static Request namedSchema(RequestFields format) {
        JsonNode json = format.find("json_schema")
                .orElseThrow(() -> ApiException.badField("json_schema", "is missing"));
        RequestFields named = RequestFields.of("json_schema", json);
        try {
            List.of("name", "description", "strict").forEach(named::ignoreHint);
            JsonNode schema = named.find("schema").orElseThrow(() -> ApiException.badField("schema", "is missing"));
            named.requireAllRead();
            return schema("json_schema.schema", schema);
        } catch (ApiException e) {
            throw e.within("json_schema");
        }
    }

    private Grammar compile(Request request) {
        try {
            model.tokenizer().trie(); // refused here where it has no bytes
            return grammars.get(request.kind(), request.text());
        } catch (IllegalArgumentException e) {
            throw ApiException.unsupported(request.field(), String.valueOf(e.getMessage()));
        }
    }
}
