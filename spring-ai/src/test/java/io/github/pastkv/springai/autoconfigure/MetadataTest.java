package io.github.pastkv.springai.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.DefaultValue;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What editors show of the properties is what the record takes: names, types, defaults. */
final class MetadataTest {
    private static JsonNode metadata() throws IOException {
        try (InputStream file =
                PastKvProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
            return JsonMapper.shared().readTree(file);
        }
    }

    @Test
    void metadata_hasEveryProperty_andNoOther() throws IOException {
        Map<String, String> declared = new TreeMap<>();
        addProperties(PastKvProperties.PREFIX, PastKvProperties.class, declared);
        Map<String, String> described = new TreeMap<>();
        for (JsonNode property : metadata().path("properties")) {
            String value = property.path("defaultValue").asString("");
            described.put(property.path("name").stringValue(),
                    property.path("type").stringValue() + " " + value + " in "
                            + property.path("sourceType").stringValue());
            assertThat(property.path("description").stringValue()).endsWith(".");
        }

        assertThat(described).isEqualTo(declared).hasSizeGreaterThan(20);
    }

    @Test
    void groups_areTheRecords() throws IOException {
        Map<String, String> groups = new TreeMap<>();
        metadata().path("groups")
                .forEach(group -> groups.put(group.path("name").stringValue(), group.path("type").stringValue()));

        assertThat(groups).isEqualTo(Map.of(PastKvProperties.PREFIX, PastKvProperties.class.getName(),
                PastKvProperties.PREFIX + ".cache", PastKvProperties.Cache.class.getName(),
                PastKvProperties.PREFIX + ".chat", PastKvProperties.Chat.class.getName()));
    }

    private static void addProperties(String prefix, Class<?> type, Map<String, String> properties) {
        for (RecordComponent component : type.getRecordComponents()) {
            String name = prefix + "." + dashed(component.getName());
            if (component.getType().isRecord()) {
                addProperties(name, component.getType(), properties);
            } else {
                properties.put(name, typeName(component) + " " + defaultOf(type, component) + " in " + type.getName());
            }
        }
    }

    private static String dashed(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static String typeName(RecordComponent component) {
        return component.getType() == boolean.class ? Boolean.class.getName()
                : component.getGenericType().getTypeName();
    }

    /** Annotations of a record's component that bind are those of its constructor's parameter. */
    private static String defaultOf(Class<?> type, RecordComponent component) {
        for (var parameter : type.getDeclaredConstructors()[0].getParameters()) {
            if (parameter.getName().equals(component.getName())) {
                DefaultValue value = parameter.getAnnotation(DefaultValue.class);
                return value == null || value.value().length == 0 ? "" : value.value()[0];
            }
        }
        throw new AssertionError(component);
    }
}
