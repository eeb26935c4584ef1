package io.github.pastkv.chat.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.StringNode;

/** Templates that would never end, or grow without end, and what is said about what is wrong. */
class JinjaLimitsTest {
    private static String render(String template) throws JinjaException {
        return JinjaTemplate.parse(template).render(Map.of("content", StringNode.valueOf("x")));
    }

    private static String repeated(String begin, String middle, String end, int count) {
        return begin.repeat(count) + middle + end.repeat(count);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(1000) %}xxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
        "{% macro f(n) %}{{ f(n+1) }}{% endmacro %}{{ f(0) }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ 'x' * 2000000000 }}", "{{ ('x' * 1000000) * 1000000 }}", "{{ [0] * 2000000000 }}",
        "{{ 'a' | center(2000000000) }}",
        "{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(40) %}{% set ns.s = ns.s | replace('x', 'xx') %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == [ns.l[0], [1]] }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{% set ns = namespace(l=1) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=1) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l | tojson }}",
        "{{ 10**400 }}{{ 2**2000000 }}", "{{ 2 ** (2 ** (2 ** (2 ** (2 ** 2)))) }}", "{{ '%999999999d' % 1 }}",
        "{{ range(2000000000) }}",
        "{{ 'a'.zfill(2000000000) }}", "{{ 'a\tb'.expandtabs(2000000000) }}",
        "{{ [1, 2] | batch(2000000000, 'x') | list }}",
        "{{ 'a\nb' | indent(2000000000) }}", "{{ [1] | tojson(indent=2000000000) }}", "{{ 1 | round(-2000000000) }}"})
    void endlessTemplate_isAnError(String template) {
        assertThatThrownBy(() -> render(template)).isInstanceOf(JinjaException.class).hasMessageStartingWith("line ");
    }

    @Test
    void deepTemplate_isAnError() {
        assertThatThrownBy(() -> render("{{ " + repeated("(", "1", ")", 100_000) + " }}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ " + repeated("[", "", "]", 50_000) + " }}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ " + repeated("-", "1", "", 100_000) + " }}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ " + repeated("not ", "1", "", 100_000) + " }}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ 1" + " + 1".repeat(100_000) + " }}")).isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ content" + " | trim".repeat(100_000) + " }}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ content" + ".x".repeat(100_000) + " }}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{% set a" + ", (a".repeat(100_000) + " = 1 %}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render(repeated("{% if true %}", "x", "{% endif %}", 20_000)))
                .isInstanceOf(JinjaException.class).hasMessageContaining("blocks within each other");
        assertThatThrownBy(() -> render("x".repeat(5_000_000))).isInstanceOf(JinjaException.class)
                .hasMessage("has 5000000 characters, at most 1000000 are read");
    }

    @Test
    void usualDepthAndLength_areNone() throws JinjaException {
        assertThat(render("{{ " + repeated("(", "1", ")", 50) + " }}")).isEqualTo("1");
        assertThat(render(repeated("{% if true %}", "x", "{% endif %}", 100))).isEqualTo("x");
        assertThat(render("{{ 1" + " + 1".repeat(300) + " }}")).isEqualTo("301");
        assertThat(JinjaTemplate.parse("{% for i in range(300) %}{{ content | trim | length }}{% endfor %}")
                .render(Map.of("content", StringNode.valueOf("y".repeat(100_000))))).hasSize(1800);
    }

    @Test
    void interruptedThread_endsTheRendering_andStaysInterrupted() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> render("{% for i in range(100000) %}{{ i }}{% endfor %}"))
                    .isInstanceOf(JinjaException.class).hasMessageEndingWith("interrupted");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            `a\nb\n{{ nothing.x }}` | line 3: 'nothing' is undefined
            `{% if true %}\n\n{{ content.y.z }}{% endif %}` | line 3: 'str object' has no attribute 'y'
            `a\n{{ content | nosuch }}` | line 2: there is no filter 'nosuch'
            `{{ content is nosuch }}` | line 1: there is no test 'nosuch'
            `{{ self }}` | line 1: the variable 'self' is not supported
            `{{ content | urlize }}` | line 1: the filter 'urlize' is not supported
            `\n{% include 'x' %}` | line 2: the tag 'include' is not supported
            `\n{% nosuch %}` | line 2: unknown tag 'nosuch'
            `{% for x in [1] %}\n` | line 1: the template ends where 'else' or 'endfor' must follow
            `{{ 'a' + 1 }}` | line 1: can only concatenate str (not "int") to str
            `{{ content.encode() }}` | line 1: 'encode' of a str is not supported
            `{{ 0x10 }}` | line 1: number 0x1: only decimal numbers are supported
            `{% macro f(x) %}\n{{ x.y.z }}\n{% endmacro %}\n\n{{ f(1) }}` | line 2: 'int object' has no attribute 'y'
            `\n\n{{ raise_exception('Only users!') }}` | line 3: Only users!
            `{{ (1 }}` | line 1: unexpected '}'
            """)
    void error_namesTheLineAndTheCause(String template, String message) {
        assertThatThrownBy(() -> render(template)).isInstanceOf(JinjaException.class).hasMessage(message);
    }

    @Test
    void template_reachesNothingOfJava() throws JinjaException {
        assertThat(render("{{ java is defined }} {{ Packages is defined }} {{ this is defined }} {{ globalThis }}"))
                .isEqualTo("False False False ");
        assertThatThrownBy(() -> render("{{ content.getClass().forName('x') }}")).isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ content.constructor.constructor('x')() }}"))
                .isInstanceOf(JinjaException.class);
        assertThatThrownBy(() -> render("{{ ''.__class__.__mro__ }}")).isInstanceOf(JinjaException.class)
                .hasMessageContaining("unsafe");
    }
}
