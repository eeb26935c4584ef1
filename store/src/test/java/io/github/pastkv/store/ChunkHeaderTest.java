package io.github.pastkv.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkHeaderTest {
    private static ChunkHeader parse(String json) throws ChunkFormatException {
        return ChunkHeader.parse(("12345678" + json).getBytes(StandardCharsets.UTF_8), 8);
    }

    private static ChunkHeader withTensor(String fields) throws ChunkFormatException {
        return parse("{\"t\":{" + fields + "},\"__metadata__\":{}}");
    }

    @Test
    void textsAndTensors_areRead_whateverElseATensorSays() throws ChunkFormatException {
        ChunkHeader header = parse("{ \"__metadata__\": {\"a\": \"\\u00fc\\n\", \"\": \"1,-2\"}, \"t\": {\"more\":[{}],"
                + "\"data_offsets\":[5,11],\"shape\":[2,3],\"dtype\":\"U8\"} }  ");
        assertThat(header.metadata()).isEqualTo(Map.of("a", "ü\n", "", "1,-2"));
        assertThat(header.tensors()).isEqualTo(Map.of("t", new ChunkHeader.Part("t", 2, 3, 5)));
        assertThat(header.requireInts("")).containsExactly(1, -2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{", "{}", "{\"__metadata__\":{}", "{\"__metadata__\":{}}x",
        "{\"__metadata__\":{}}{}", "{\"__metadata__\":{}}]", "{\"__metadata__\":[]}", "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":{\"a\":null}}", "{\"__metadata__\":{\"a\":{}}}", "{\"__metadata__\":{},\"t\":1}",
        "{\"__metadata__\":{},\"__metadata__\":{}}", "{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}",
        "{\"__metadata__\":{\"a\":\"1}}"})
    void whatIsNoHeader_isRefused(String json) {
        assertThatThrownBy(() -> parse(json)).isInstanceOf(ChunkFormatException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "'dtype':'I8','shape':[1,1],'data_offsets':[0,1]",
        "'dtype':8,'shape':[1,1],'data_offsets':[0,1]", "'dtype':'U8','shape':[1],'data_offsets':[0,1]",
        "'dtype':'U8','shape':[1,1,1],'data_offsets':[0,1]", "'dtype':'U8','shape':[1,1],'data_offsets':[0,2]",
        "'dtype':'U8','shape':[0,1],'data_offsets':[0,0]", "'dtype':'U8','shape':[1,1.0],'data_offsets':[0,1]",
        "'dtype':'U8','shape':['1',1],'data_offsets':[0,1]", "'dtype':'U8','shape':[1,1],'data_offsets':[-1,0]",
        "'dtype':'U8','shape':11,'data_offsets':[0,1]", "'dtype':'U8','shape':[1,[1]],'data_offsets':[0,1]",
        "'dtype':'U8','shape':[1,99999999999999999999],'data_offsets':[0,1]",
        "'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,0]"})
    void tensorsOfOtherForms_areRefused(String fields) throws ChunkFormatException {
        assertThat(withTensor("\"dtype\":\"U8\",\"shape\":[1,1],\"data_offsets\":[0,1]").tensors()).hasSize(1);
        assertThatThrownBy(() -> withTensor(fields.replace('\'', '"'))).isInstanceOf(ChunkFormatException.class);
    }

    @Test
    void namesThatAreThereTwice_areRefused() {
        String tensor = "{\"dtype\":\"U8\",\"shape\":[1,1],\"data_offsets\":[0,1]}";
        assertThatThrownBy(() -> parse("{\"__metadata__\":{},\"t\":" + tensor + ",\"t\":" + tensor + "}"))
                .hasMessage("t is there twice");
        assertThatThrownBy(() -> parse("{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}")).hasMessage("a is there twice");
    }

    @ParameterizedTest
    @CsvSource({"'1,', ''", "',1', ''", "'1,x,2', x", "'1 ', '1 '", "99999999999, 99999999999"})
    void listsThatAreNoNumbers_areRefusedWithTheWrongOne(String list, String wrong) throws ChunkFormatException {
        ChunkHeader header = parse("{\"__metadata__\":{\"a\":\"" + list + "\",\"none\":\"\"}}");
        assertThat(header.requireInts("none")).isEmpty();
        assertThatThrownBy(() -> header.requireInts("a")).isInstanceOf(ChunkFormatException.class)
                .hasMessage("a: " + wrong + " is no number");
    }
}
