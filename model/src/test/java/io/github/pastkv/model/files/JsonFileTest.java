package io.github.pastkv.model.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonFileTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "{} {}", "{\"a\":1,\"a\":2}", "{'a':1}", "{a:1}", "{\"a\":NaN}", "{\"a\":01}",
        "{\"a\":1,}", "[1]", "3", "// x\n{}"})
    void read_whatIsNotStrict_isRefused(String json) throws IOException {
        Path file = write(json);
        assertThatThrownBy(() -> JsonFile.read(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(file + ": not ");
    }

    @Test
    void read_otherEncodings_areRefused() throws IOException {
        Path file = Files.write(folder.resolve("x.json"), "{\"a\":\"é\"}".getBytes(StandardCharsets.ISO_8859_1));
        refused(() -> JsonFile.read(file), file + ": not UTF-8");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            /*x*/{}             | maybe a (non-standard) comment? at character 0
            {"a":Infinity}      | Non-standard token 'Infinity' at character 13
            {"a":1,"a":2}       | Duplicate Object property "a" at character 10
            """)
    void read_whatIsNotStrict_saysNothingOfTheParsersOptions(String json, String message) throws IOException {
        Path file = write(json);
        assertThatThrownBy(() -> JsonFile.read(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageEndingWith(message);
    }

    @Test
    void read_largeOrManyPartedDocuments_areRefusedBeforeTheyTakeMemory() throws IOException {
        Path large = folder.resolve("large.json");
        try (RandomAccessFile sparse = new RandomAccessFile(large.toFile(), "rw")) {
            sparse.setLength(20_000_001);
        }
        refused(() -> JsonFile.read(large), large + ": 20000001 bytes, at most 20000000 are read");
        Path deep = write("{\"a\":" + "[".repeat(65) + "]".repeat(65) + "}");
        refused(() -> JsonFile.read(deep), deep + ": not strict JSON: Document nesting depth (65) exceeds the maximum "
                + "allowed (64)");
        byte[] many = ("{\"a\":[" + "1,".repeat(8_000_000) + "1]}").getBytes(StandardCharsets.UTF_8);
        refused(() -> JsonFile.parse(large, many, ""), large + ": not strict JSON: Token count (8000001) exceeds the "
                + "maximum allowed (8000000)");
    }

    @Test
    void readLines_givesAnObjectForEachLine_andNamesTheLineOfAMistake() throws IOException {
        Path file = folder.resolve("lines.jsonl");
        Files.writeString(file, "{\"a\": 1}\n\n  \n{\"a\": \"x\"}\r\n{\"a\": 3}");
        List<JsonObject> lines = JsonFile.readLines(file);
        assertThat(lines).hasSize(3);
        assertThat(lines.get(2).requireInt("a", 0, 5)).isEqualTo(3);
        assertThatThrownBy(() -> lines.get(1).requireInt("a", 0, 5)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("line 4: a: ");
        for (String bad : List.of("{\"a\": 1} x", "[1]", "{\"a\": 1, \"a\": 2}", "{")) {
            Files.writeString(file, "{}\n" + bad + "\n");
            assertThatThrownBy(() -> JsonFile.readLines(file)).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("line 2: ");
        }
        Files.write(file, new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
        assertThatThrownBy(() -> JsonFile.readLines(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("not UTF-8");
        assertThatThrownBy(() -> JsonFile.readLines(folder.resolve("none"))).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("no such file");
    }

    @Test
    void getters_wrongTypesAndRanges_areRefusedByName() throws IOException {
        JsonObject json = JsonFile.read(write("""
                {"text":"6","real":1.5,"whole":6.0,"big":9999999999,"zero":0,"yes":true,"huge":1e999,
                 "list":[1,"x"],"object":{"inner":-3}}"""));
        String at = json.file() + ": ";
        refused(() -> json.requireInt("text", 1, 9), at + "text: \"6\", must be an integer");
        refused(() -> json.requireInt("whole", 1, 9), at + "whole: 6.0, must be an integer");
        refused(() -> json.requireInt("big", 1, 9), at + "big: 9999999999, must be in [1, 9]");
        refused(() -> json.requireInt("zero", 1, 9), at + "zero: 0, must be in [1, 9]");
        refused(() -> json.requireInt("none", 1, 9), at + "none: missing, must be an integer");
        refused(() -> json.findInts("list", 0, 9), at + "list: \"x\", must be an integer");
        refused(() -> json.findNumber("text"), at + "text: \"6\", must be a finite number");
        refused(() -> json.findNumber("huge"), at + "huge: \"Infinity\", must be a finite number");
        refused(() -> json.findPositive("zero"), at + "zero: 0, must be positive");
        refused(() -> json.findBoolean("text", true), at + "text: \"6\", must be true or false");
        refused(() -> json.findString("yes"), at + "yes: true, must be a string");
        refused(() -> json.findObject("list"), at + "list: [1,\"x\"], must be an object");
        JsonObject object = json.requireObject("object");
        refused(() -> object.requireInt("inner", 0, 9), at + "object.inner: -3, must be in [0, 9]");
    }

    @Test
    void refuseUnknownKeys_letsPassWhatWasAskedIsHarmlessOrSaysNothing() throws IOException {
        JsonObject json = JsonFile.read(write("""
                {"asked":1,"harmless":2,"a":null,"b":false,"c":[],"d":{},"e":"","other":0}"""));
        assertThat(json.requireInt("asked", 1, 1)).isEqualTo(1);
        json.refuseUnknownKeys(Set.of("harmless", "other"));
        refused(() -> json.refuseUnknownKeys(Set.of("harmless")),
                json.file()
                        + ": other: 0, this key is not known and may change the result (--allow-config other lets it pass)");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(ModelFormatException.class).hasMessage(message);
    }

    private Path write(String json) throws IOException {
        return Files.writeString(folder.resolve("x.json"), json);
    }
}
