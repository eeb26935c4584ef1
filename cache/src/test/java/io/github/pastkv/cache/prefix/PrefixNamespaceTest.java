package io.github.pastkv.cache.prefix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** No content of a namespace's fields can pass for that of other fields. */
class PrefixNamespaceTest {
    private static PrefixNamespace of(String... tagsAndContents) {
        PrefixNamespace.Builder builder = PrefixNamespace.builder("a label");
        for (int i = 0; i < tagsAndContents.length; i += 2) {
            builder.with(tagsAndContents[i], tagsAndContents[i + 1]);
        }
        return builder.build();
    }

    @Test
    void equalFields_areEqual_whateverTheLabel() {
        PrefixNamespace one = PrefixNamespace.builder("one").with("salt", "x").with("layers", 3).build();
        PrefixNamespace other = PrefixNamespace.builder("other").with("salt", "x").with("layers", 3).build();
        assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
        assertThat(one.digest()).isEqualTo(other.digest()).hasSize(64);
    }

    /** Each is what another would look like if tags and contents were only put one behind the other. */
    @Test
    void movedBoundaries_giveOtherNamespaces() {
        List<PrefixNamespace> all = List.of(of("ab", "c"), of("a", "bc"), of("abc", ""), of("", "abc"),
                of("a", "b", "c", ""), of("a", "", "bc", ""), of("a", "b"), of("a", "", "b", ""), of("b", "", "a", ""),
                of(), of("", ""), of("a", "b\u0000\u0000\u0000\u0001c"), of("a", "b", "\u0000", "c"),
                of("a", "b", "c", "d"), of("c", "d", "a", "b"), of("a", "d", "c", "b"));
        Set<String> digests = new HashSet<>();
        all.forEach(namespace -> digests.add(namespace.digest()));
        assertThat(digests).hasSameSizeAs(all);
        assertThat(new HashSet<>(all)).hasSameSizeAs(all);
    }

    /** A content that spells the bytes of a length and the fields behind it. */
    @Test
    void contentThatSpellsAnotherField_isNotThatField() {
        String spelled = "x" + "\u0000\u0000\u0000\u0004" + "salt" + "\u0000\u0000\u0000\u0003" + "bob";
        assertThat(of("model", spelled)).isNotEqualTo(of("model", "x", "salt", "bob"));
        assertThat(of("model", "x", "salt", "bob"))
                .isEqualTo(PrefixNamespace.builder("").with("model", "x".getBytes(StandardCharsets.UTF_8))
                        .with("salt", "bob").build());
    }

    @Test
    void aTagTwice_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> of("salt", "a", "salt", "b"))
                .withMessage("tag: salt is already set");
    }

    @Test
    void toString_hasTheLabel_andDoesNotGiveAwayTheSalt() {
        assertThat(of("salt", "secret")).asString().startsWith("a label (").doesNotContain("secret");
    }
}
