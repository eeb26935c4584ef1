"""Small templates that show one construct each, with the values they are rendered with."""

VALUES = dict(
    s="  Hello World\n", t="aXbXc", e="", u="Ünï 世界 😀 ß ǆ", ws="\u00a0\t x \u3000\r\n", q="it's \"q\" \\ \n\t\x07\u200b",
    n=7, z=0, neg=-7, big=12345678901234567890, f=2.5, g=1e16, h=1e-05, i3=3.0, third=0.1, yes=True, no=False, none=None,
    l=[3, 1, 2], names=["bob", "Alice", "carl"], mixed=[1, "two", None, True, 2.0, [1, "x"], {"k": "v"}], empty=[],
    d={"a": 1, "b": {"c": [10, 20]}, "items": "mine", "role": "user"}, ed={}, kv={"b": 2, "a": 1, "C": 3},
    users=[{"name": "Ann", "age": 30, "tags": ["x", "y"]}, {"name": "bob", "age": 25, "tags": []},
           {"name": "Cid", "age": 30, "tags": ["z"]}],
    messages=[{"role": "system", "content": " Be brief. "}, {"role": "user", "content": "Hi\n"},
              {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1.0, "y": "é"}}}]},
              {"role": "tool", "content": "{}"}],
)

EXPRESSIONS = r"""
true, false, none, yes, no, none
[true, none, 1.0, 'x', "it's", q]
{'a': 1, 'b': [none, true], 3: 'x'}
(1, 2), (1,), ()
n, z, neg, big, f, g, h, i3, third
1e3, 1.5e-7, 1e15, 1e16, 1e17, 123456789012345680.0, 0.0001, 0.00001, -0.0, 1e300 * 1e10, 100.0, 1_000
n + f, n - 10, n * 2, n / 2, 4 / 2, n // 2, neg // 2, n % 3, neg % 3, n ** 2, 2 ** -1, 2 ** 0.5, 7.5 // 2, -7.5 % 2
big * big, 2 ** 100, -2 ** 2, (-2) ** 2, true + true, -true, +f
big / 3, 10 // 3.0, 1 / 3
1 + 2 * 3 ~ 4, 'a' ~ 1 ~ none ~ true ~ 2.0 ~ [1]
'a' + 'b' * 3, 3 * 'ab', [1] * 2, [1] + [2, 3], (1,) + (2,), 'x' * -1, 'x' * true
'%s-%d-%.2f-%5s|%-5s|%05d|%r' % ('a', 7, 2.345, 'r', 'l', 42, 'q')
'%(a)s %(b)s' % {'a': 1, 'b': none}
'%s' % 'one', '%s%%' % 5, '%x %X %o %+d % d' % (255, 255, 8, 3, 3), '%5.1f|' % 2.25, '%s' % [1]
1 < 2 < 3, 1 < 3 < 2, 1 == 1.0, true == 1, 'a' == 'a', none == none, [1, 2] == [1, 2], {'a': 1} == {'a': 1.0}
'a' < 'b', 'B' < 'a', [1, 2] < [1, 3], (1, 2) < (1, 2, 0), 'é' > 'z'
1 in l, 4 in l, 4 not in l, 'ell' in s, 'a' in d, 1 in d, '' in e, 'x' in missing, not 1 in l
not yes, yes and no, yes or no, e or 'default', l and 'full', none or 0 or '' or [], missing or 'm', not missing
missing, missing == none, missing == missing, missing is none, [missing], missing ~ 'x'
'a' if yes, 'a' if no, 'a' if no else 'b', ('a' if no) ~ 'x', 'a' if no else 'b' if no else 'c'
d.a, d['a'], d.b.c[1], d['b']['c'][-1], d['items'], d.get('a'), d.get('x'), d.get('x', 5), d.missing, d['missing']
d.keys() | list, d.values() | list, d.items() | list, kv.items(), kv.keys(), kv.values()
l[0], l[-1], l[5], l[1:], l[:2], l[::-1], l[::2], l[5:], l[-2:], l[1:1], t[1:3], t[::-1], t[0], t[-1], t[9], u[7], u[4:6], l[true]
(1, 2, 3)[1:], (1, 2, 3)[0], 'abc'[-2:], l[none:2], l[2:0:-1], [1,2,3,4,5][-1:-4:-2]
s.strip() ~ '|', s.lstrip() ~ '|', s.rstrip() ~ '|', 'xxaxx'.strip('x'), 'xyaxy'.lstrip('xy'), 'xyaxy'.rstrip('yx'), ws.strip() ~ '|', s.strip(none) ~ '|'
t.split('X'), t.split('X', 1), ' a  b '.split(), ' a  b  c '.split(none, 1), ''.split(), ''.split(','), t.rsplit('X', 1), 'a,b,'.split(',')
'a\nb\r\nc'.splitlines(), 'a\nb\n'.splitlines(true), t.partition('X'), t.rpartition('X'), t.partition('!'), t.rpartition('!')
t.replace('X', '-'), t.replace('X', '-', 1), t.replace('', '.'), 'aaa'.replace('aa', 'b'), u.replace('', '-', 3)
'abc'.startswith('a'), 'abc'.startswith(('x', 'a')), 'abc'.endswith('c'), 'abc'.startswith('b', 1), 'abc'.endswith('b', 0, 2)
u.upper(), u.lower(), u.title(), u.capitalize(), u.swapcase(), "they're bill's".title(), 'ab CD'.capitalize()
'a-b'.join(['1', '2']), ', '.join(names), ''.join([]), '-'.join('abc')
t.find('X'), t.find('X', 2), t.find('q'), t.rfind('X'), t.index('b'), t.count('X'), t.count(''), u.find('界')
'7'.zfill(3), '-7'.zfill(4), 'a'.ljust(3) ~ '|', 'a'.rjust(3, '.'), 'ab'.center(5, '*'), 'a'.center(4, '*')
'12'.isdigit(), 'a1'.isalnum(), 'ab'.isalpha(), ' '.isspace(), ''.isspace(), 'ab'.islower(), 'AB'.isupper(), '1'.islower(), ''.isalpha(), 'é'.isascii()
'{} {}'.format(1, 'a'), '{1} {0}'.format('a', 'b'), '{x}'.format(x=[1]), '{{}} {:>5}|{:<5}|{:^5}|{:05d}|{:.2f}'.format('a', 'b', 'c', 42, 2.5)
'abc'.removeprefix('a'), 'abc'.removesuffix('bc'), 'abc'.removeprefix('x'), 'a\tb'.expandtabs(4)
l.index(1), l.count(3), (1, 2, 1).count(1), l.copy(), d.copy().a
l is iterable, s is iterable, n is iterable, missing is iterable, d is iterable, none is iterable
l is sequence, s is sequence, d is sequence, n is sequence, (1,) is sequence, missing is sequence, d.items() is sequence
d is mapping, l is mapping, s is string, n is string, none is string, missing is string
n is number, f is number, yes is number, '1' is number, n is integer, yes is integer, f is float, n is float, yes is boolean, n is boolean
yes is true, n is true, 1 is true, no is false, z is false, none is none, missing is none, none is not none, e is none
missing is defined, none is defined, d.x is defined, d.a is defined, missing is undefined, d['b'].zz is not defined
n is odd, n is even, n is divisibleby 7, n is divisibleby(2), 0.0 is even, n is eq 7, n is equalto(7), n is ne 7, n is gt 3, n is lt(3), n is ge 7, n is le 6, n is sameas 7, n is sameas 7.0, none is sameas none, n is in l, 1 is in(l), 'a' is in d
'abc' is lower, 'ABC' is upper, 'Abc' is lower, range is callable, n is callable, 'trim' is filter, 'nope' is filter, 'odd' is test, n == 7 is true
s | trim, 'xax' | trim('x'), s | trim ~ '|', 5 | trim, none | trim, missing | trim
'hello wORLD' | title, 'a/b-c d(e' | title, 'hELLO' | capitalize, u | upper, u | lower, u | capitalize, 'x y' | center(9) ~ '|', 5 | upper, none | upper, true | lower
l | length, s | length, u | length, d | length, missing | length, e | count, d.items() | length, (1,2) | length
l | first, l | last, s | first, e | first, empty | first, empty | last, d | first, d | last, names | first | upper, (l | first) + 1
l | join, l | join(', '), l | join('-') , users | join(', ', attribute='name'), mixed | join('|'), 'abc' | join('.'), missing | join(','), d | join(',')
l | sort, l | sort(reverse=true), names | sort, names | sort(case_sensitive=true), users | sort(attribute='age') | map(attribute='name') | list, users | sort(attribute='age,name') | map(attribute='name') | list, users | sort(true, attribute='name') | map(attribute='name') | list
l | reverse | list, 'abc' | reverse, (1, 2) | reverse | list
l | min, l | max, names | min, names | max, users | max(attribute='age'), empty | min, names | max(case_sensitive=true)
'\u00b2'.isdigit(), '\u00bd'.isnumeric(), '\u2460'.isdigit(), '\u2160'.isnumeric(), '\u00b2'.isdecimal(), '\u00bd'.isalnum(), '\u0149' | title, '\u1f80' | title, '\u1fb2'.title(), '\ufb01' | title, '\u1f88'.title(), '\u01f0' | title, '\u1fb7'.title()
none | selectattr('a', 'equalto', 1) | list, z | map('upper') | list, missing | reject | list, e | rejectattr('a', 'eq', 1) | list, no | select('odd') | list, none | map(attribute='x') | join
l | sum, users | sum(attribute='age'), empty | sum, [1.5, 2] | sum(start=10), users | map(attribute='age') | sum
[1, 2, 1, 'a', 'A'] | unique | list, users | unique(attribute='age') | map(attribute='name') | list, ['a', 'A'] | unique(case_sensitive=true) | list
users | map(attribute='name') | list, users | map(attribute='tags.0') | list, users | map(attribute='zip', default='-') | list, names | map('upper') | list, l | map('string') | list, names | map('replace', 'b', 'p') | join(' ')
users | selectattr('age', 'equalto', 30) | map(attribute='name') | list, users | rejectattr('age', 'eq', 30) | list | length, users | selectattr('tags') | list | length, users | selectattr('zip', 'defined') | list, users | selectattr('age', 'gt', 26) | map(attribute='age') | list
l | select('odd') | list, l | reject('odd') | list, mixed | select('string') | list, mixed | select | list | length, mixed | reject('none') | list | length, l | select('in', [1, 2]) | list, l | select('>', 1) | list
users | groupby('age'), users | groupby('age') | map('first') | list, users | groupby('name') | map(attribute='grouper') | list, users | groupby('zip', default='none') | length
kv | dictsort, kv | dictsort(true), kv | dictsort(by='value', reverse=true), kv | items | list, missing | items | list
[1,2,3,4,5] | batch(2) | list, [1,2,3,4,5] | batch(2, 'x') | list, [1,2,3,4,5] | slice(3) | list, [1,2,3,4,5] | slice(3, 'x') | list
missing | default('x'), none | default('x'), e | default('x', true), e | d('x'), missing | default, n | default(1), no | default('f', boolean=true), d.q | default([1])
'7' | int, 'x' | int, 'x' | int(5), 7.9 | int, -7.9 | int, '7.9' | int, true | int, none | int, ' 12 ' | int, '1_000' | int, '' | int(default=3)
'7' | float, 'x' | float, 'x' | float(1.5), 7 | float, none | float, '1e3' | float, ' 2.5 ' | float, 'inf' | float
2.5 | round, 3.5 | round, 2.567 | round(2), 2.567 | round(1, 'floor'), 2.511 | round(1, 'ceil'), 7 | round, 7 | round(0, 'ceil'), -2.5 | round, 1234 | round(-2), 2.675 | round(2), 0.5 | round
-3 | abs, f | abs, (-2.5) | abs, true | abs, -1 | abs ~ 'x'
n | string, none | string, l | string, true | string ~ '!', missing | string, 1.0 | string
'a\nb\n\nc' | indent, 'a\nb' | indent(2), 'a\nb' | indent(2, true), 'a\n\nb' | indent(2, blank=true), 'a\nb' | indent('> '), '\n a' | indent(2, true), 'a\nb\n' | indent(1, first=true) ~ '|', '' | indent(2, true) ~ '|'
'%s is %s' | format('a', 1), '%(x)s' | format(x=2), '%05.1f' | format(2.25)
'hello world foo' | truncate(11), 'hello world foo bar baz' | truncate(11, true), 'hello world foo bar baz' | truncate(11, false, '!', 0), 'short' | truncate(5), 'hello' | truncate(3, leeway=0)
'a b  c-d_e' | wordcount, u | wordcount, 'it''s' | wordcount
'a' | replace('a', 'b'), t | replace('X', '', 1), 5 | replace('5', '6'), none | replace('No', 'x'), 'aaa' | replace('a', 'b', 2)
d | tojson, l | tojson, none | tojson, q | tojson, u | tojson, u | tojson(ensure_ascii=true), d | tojson(indent=2), [] | tojson(indent=4), {} | tojson(indent=1), kv | tojson(sort_keys=true), d | tojson(separators=(',', ':')), 1.0 | tojson, (1, 2) | tojson, [[], {}, [1]] | tojson(indent=2), {1: 2, true: 3, none: 4, 2.5: 5} | tojson, 1e16 | tojson, d | tojson(indent='\t')
messages | tojson, messages[2] | tojson(indent=4), 'a<b>&\'' | tojson, '\u2028\x7f\x01' | tojson, '/' | tojson
s | list, d | list, l | list, missing | list, 3 | string | list, range(3) | list, kv.items() | list | first
'<a href="x">&\'' | e, '<' | escape, 5 | e, '<b>' | safe, ('<b>' | safe) ~ '<', '<' ~ ('>' | e), ('<' | e) + '<', (' <' | safe) | trim, '<' | safe | e, '<' | safe | length
users | attr('x'), d | attr('items') is callable, d | attr('a'), 'x' | attr('upper') is callable, users[0] | attr('name')
range(5), range(2, 5) | list, range(5, 0, -2) | list, range(0), range(3)[1], range(3) | length, range(3) | sum, 2 in range(3), range(1, 4) | join(','), range(0) | list
dict(a=1, b='x'), dict({'k': 1}, z=2), dict([('a', 1)]), namespace(a=1).a, namespace({'b': 2}).b, namespace(a=1).zz is defined
'\n\t\\\'\"\x41\u00e9\U0001F600\q\101', "a" "b" 'c', 'a\
b'
'a' in 'abc' and 'z' not in 'abc', not ('a' in 'abc'), 1 if 'a' in 'b' else 2
l | first is number, l | length > 2 and l | length < 4, l|length == 3, (l|length)|string + '!', 'x' if l|length is odd else 'y'
1 is number and 'a' is string or none, not none is none, not (1 is odd), 1 is not odd
users[0].tags[0], users[-1]['name'][0], (users | last).name, users.0.name, d.b.c.0, d.b['c'].1
messages[2].tool_calls[0].function.arguments, messages[2]['tool_calls'][0]['function']['arguments'] | tojson, messages[0].content.strip().lower()
messages | selectattr('role', 'equalto', 'user') | list | length, messages | map(attribute='role') | list, messages | rejectattr('content', 'none') | map(attribute='content') | map('trim') | join('/'), (messages | selectattr('role', 'in', ['user', 'tool']) | list)[0].role
{'a': {'b': 1}}.a.b, {'x': 1}['x'], {}.x is defined, [[1, 2], [3]][0][1], {'a b': 1}['a b'], {1: 'i'}[1], {'k': l[0]}
{'a': 1, 'a': 2}, {true: 'x'}[1], {1.0: 'y'}[1], {(1, 2): 't'}[(1, 2)]
strftime_now('%Y-%m-%d'), strftime_now('%d %b %Y'), strftime_now('%A, %B %-d, %I:%M %p'), strftime_now('%j %U %w %y %H:%M:%S %a %e|%%|%c|%x|%X|%D|%F|%T|%u|%V|%G|%W|%z%Z')
namespace(x=[1]), namespace(a='s', b=none)
joiner()(), joiner('|')() ~ 'x'
'ǆ' | capitalize, 'ǆ' | title, 'ß'.upper(), 'ß'.title(), 'ŉ'.upper(), 'ΑΣ'.lower(), 'İ'.lower() | length, 'ﬁ' | capitalize
'\x1c\x85a\u2029'.strip() ~ '|', '\u200ba'.strip() | length, '\ufeffa' | trim | length, 'a\x0bb\x85c\u2028d'.splitlines(), 'a\x1fb'.split()
[q, 'a\'b', 'a"b', '\x7f\xad\u200b\ue000', '😀', '\u3000', '\xa0', 'é']
"a" is string, "a"|upper is string, ("a"|upper) == "A", -l[0], -n|abs, 2 ** 3 ** 2, 10 - 2 - 3, 8 / 2 / 2, 2 * 3 ~ 4 * 2, not 1 == 2, 5 % 3 * 2
1.5|string, 100000000000000000000.0, 123456.789e3, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e22, 1e21, 123456789.123
10|float / 4, 7 // 2.0, '%.3f' % 0.0005, '%.0f' % 0.5, '%.0f' % 1.5, '%d' % 3.99, '%s' % 1.0, '%s' % none, '%5d|%-5d|' % (1, 2), '%.3s' % 'abcdef'
"caf\xe9" | length, '😀' | length, '😀x'[1], '😀' | list, 'é' | upper, '👩‍🚀' | length
true is boolean, 1 is boolean, [] is sequence, {} is mapping, [] is none, [] | default('x', true), 0 | default('x', true), '0' | default('x', true)
([1,2] | first, [1,2] | last), [1,2,3] | map('string') | join, ['a', none] | map('default', 'x') | list, [1, [2, 3]] | string
loop is defined, caller is defined, varargs is defined, super is defined
"'" ~ '"', '{{' ~ '}}', '{%' ~ '%}', '{#' ~ '#}', {'a':{'b':{}}}, {{}|string: 1}
"""

TEMPLATES = [
    # white space
    "a\n{% if yes %}\nb\n{% endif %}\nc\n", "a\n  {% if yes %}\n  b\n  {% endif %}\n  c\n", "  {% if yes %}x{% endif %}  y",
    "a {%- if yes -%} b {%- endif -%} c", "a\n\n  {%- if yes %}\n\n b\n {%- endif %}\n\n c", "{{ 'a' }}\n{{ 'b' }}\n", "{{- 'a' -}}  \n  {{- 'b' -}}  c",
    "  {{ 'a' }}  \n  {{ 'b' }}", "{# c #}a\n{# d #}\nb", "a\n  {# c #}\n  b", "a {#- c -#} b", "a\n{#- c #}\nb", "x{#\n multi\n#}\ny", "  {#+ c #}\na",
    "  {%+ if yes %}x{% endif +%}\ny", "{% if yes +%}\nx{% endif %}", "\n\n{% if yes %}\n\nx\n\n{% endif %}\n\n", "a\r\n{% if yes %}\r\nb\r{% endif %}\r\nc\r\n",
    "{% raw %}{{ x }} {% if %}{% endraw %}", "a\n  {% raw %}\n  {{ x }}\n  {% endraw %}\nb", "a {%- raw -%} {{ x }} {%- endraw -%} b", "{% raw %}a{% endraw %}\nb",
    "{% set x = 1 %}\n{{ x }}\n", "{% set x = 1 -%}\n   {{ x }}", "a\n\t{% set x = 1 %}\t\nb", "x {% if yes %} y {% else %} z {% endif %} w", "{{ 1 }}\n\n{{ 2 }}\n\n", "\u00a0{% if yes %}x{% endif %}",
    "{{ 'a\nb' }}|{{ 'a\r\nb' }}", "\u2028  {% if yes %}x{% endif %}", "  {% if yes %}\n    {{ 'x' }}\n  {% endif %}", "{{+ 'a' }}", "{{ 'x' -}}\n\n y", "x\n {{- 'y' }}", "{% if yes -%}\n\n x{% endif %}",
    # loops
    "{% for x in l %}{{ loop.index }}/{{ loop.length }}:{{ x }}{{ ',' if not loop.last }}{% endfor %}", "{% for x in empty %}{{ x }}{% else %}none{% endfor %}",
    "{% for x in l %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}",
    "{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{{ loop.previtem }}{{ loop.nextitem }} {% endfor %}",
    "{% for x in l %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }}{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }};{% endfor %}",
    "{% for x in l if x > 1 %}{{ loop.index }}{{ x }}{{ loop.last }}{% endfor %}", "{% for x in 'abc' %}{{ x }}.{% endfor %}", "{% for x in missing %}{{ x }}{% else %}e{% endfor %}", "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}", "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "{% for m in messages %}{{ m.content }}{% break %}{% endfor %}",
    "{% for x in l %}{% for y in l %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{{ loop.index }}{% endfor %}", "{% for a, (b, c) in [(1, (2, 3)), (4, (5, 6))] %}{{ a }}{{ b }}{{ c }} {% endfor %}",
    "{% for x in [1, [2, [3]]] recursive %}{{ loop.depth }}:{% if x is number %}{{ x }}{% else %}({{ loop(x) }}){% endif %} {% endfor %}", "{% for x in l %}{{ x }}{% endfor %}{{ x }}{{ loop }}", "{% for x in l | reverse %}{{ x }}{{ loop.last }}{{ loop.length }}{% endfor %}",
    "{% set x = 0 %}{% for i in l %}{{ x }}{% set x = i %}{% endfor %}{{ x }}", "{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}", "{% for i in range(3) %}{% set y = i %}{% endfor %}{{ y }}", "{% for message in messages[::-1] %}{{ loop.index0 }}{{ message.role }} {% endfor %}",
    "{% set gen = l | map('string') %}{{ gen | join }}|{{ gen | join }}", "{% for x in range(3) %}{% for x in 'ab' %}{{ x }}{{ loop.index }}{% endfor %}{{ x }}{{ loop.index }}{% endfor %}", "{% for g in users | groupby('age') %}{{ g.grouper }}{{ g.list | length }}{% endfor %}", "{% for age, us in users | groupby('age') %}{{ age }}:{{ us | map(attribute='name') | join }} {% endfor %}",
    "{% for i in l %}{{ loop.index }}{% else %}no{% endfor %}", "{% for k, v in kv | dictsort %}{{ k }}{{ v }}{% endfor %}", "{% for x in l %}\n  {{ x }}\n{% endfor %}\nend", "{%- for x in l %}\n  {{- x }}\n{%- endfor %}\nend", "{% for a in [[1,2],[3,4]] %}{% for b in a %}{{ loop.parent }}{{ b }}{% endfor %}{% endfor %}",
    # conditions, assignments
    "{% if no %}a{% elif yes %}b{% else %}c{% endif %}", "{% if missing %}a{% else %}b{% endif %}", "{% if d.x.y is defined %}a{% endif %}", "{% if yes %}{% set v = 1 %}{% endif %}{{ v }}", "{% if e %}{% elif z %}{% else %}x{% endif %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set x %}  a {{ n }} {% endset %}[{{ x }}]", "{% set x | upper | trim %}  a {{ n }} {% endset %}[{{ x }}]", "{% set ns = namespace() %}{% set ns.a = 1 %}{% set ns.b %}t{% endset %}{{ ns.a }}{{ ns.b }}", "{% set x = l %}{% set x = x + [4] %}{{ x }}{{ l }}",
    "{% set x %}{% set inner = 5 %}{% endset %}{{ inner }}", "{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% with %}{% set q2 = 1 %}{{ q2 }}{% endwith %}{{ q2 }}", "{% with a = 1 %}{% with b = a + 1 %}{{ b }}{% endwith %}{% endwith %}", "{% set messages = messages[1:] %}{{ messages | length }}", "{% set n = n + 1 %}{{ n }}", "{% set l = [] %}{% for i in range(3) %}{% set l = l + [i] %}{% endfor %}{{ l }}",
    "{% set x = 1 %}{% if yes %}{% set x = 2 %}{% endif %}{{ x }}", "{% set x.y = 1 %}", "{% set ns = namespace(a={}) %}{% set ns.a = dict(ns.a, k=1) %}{{ ns.a }}", "{% filter upper %}a{{ n }}b{% endfilter %}", "{% filter trim | replace('a', 'b') %}  a  {% endfilter %}|", "{% generation %}x{{ n }}{% endgeneration %}y", "a\n{% generation %}\n  x\n{% endgeneration %}\ny",
    # macros
    "{% macro f(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }} {{ f(1, 3) }} {{ f(b=5, a=4) }} {{ f() }}", "{% macro f(a) %}{{ caller() }}{{ a }}{% endmacro %}{% call f(1) %}body{% endcall %}", "{% macro f() %}{{ caller(7) }}{% endmacro %}{% call(x) f() %}[{{ x }}]{% endcall %}",
    "{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, k=3) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}", "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% macro f() %}{{ n }}{% endmacro %}{% set n = 99 %}{{ f() }}",
    "{% macro f(x) %}\n  {{ x }}\n{% endmacro %}\n{{ f(1) | trim }}", "{% macro f(x, y=x) %}{{ y }}{% endmacro %}{{ f(3) }}", "{% macro f() %}a{% endmacro %}{{ f() ~ 'b' }}{{ f() | upper }}{{ f() is string }}{{ f.name }}{{ f.arguments }}", "{% macro f() %}{% set z9 = 1 %}{{ z9 }}{% endmacro %}{{ f() }}{{ z9 }}", "{% for i in l %}{% macro f() %}{{ i }}{% endmacro %}{{ f() }}{% endfor %}",
    "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}x{% endmacro %}{{ a() }}", "{% macro f(a, b) %}{{ a }}{{ b is defined }}{% endmacro %}{{ f(*[1, 2]) }}{{ f(**{'a': 1}) }}", "{% macro f(x) %}{% for i in x %}{{ i }}{% endfor %}{% endmacro %}{{ f([1, 2]) }}", "{% set j = joiner(', ') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}", "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}",
    # refused by both
    "{{ missing.x }}", "{{ missing() }}", "{{ n() }}", "{{ n.x.y }}", "{{ missing + 1 }}", "{{ 'a' + 1 }}", "{{ 1 + 'a' }}", "{{ 1 < 'a' }}", "{{ none < 1 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ n | nosuch }}", "{{ n is nosuch }}", "{% nosuch %}", "{% if yes %}", "{% for x in %}{% endfor %}", "{{ 1 + }}", "{{ (1 }}", "{{ 'a }}", "{{ [1, 2 }}", "{% endif %}", "{% if yes %}{% endfor %}",
    "{{ l.append(1) }}", "{{ d.update({}) }}", "{{ d.pop('a') }}", "{{ ''.__class__.__mro__ }}", "{{ s.strip(1) }}", "{{ s.nosuch() }}", "{{ raise_exception('no ' ~ n) }}", "{{ range(1000000) | length }}", "{% for x in n %}{% endfor %}", "{% for x in none %}{% endfor %}", "{{ n | length }}", "{{ none | length }}", "{{ missing | tojson }}", "{{ range | tojson }}", "{% for a, b in [1] %}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{{ 'x' in n }}", "{{ 1 in 'x' }}", "{{ missing[0] }}", "{{ l[[]] }}",
    "{{ {[]: 1} }}", "{{ none.x }}", "{{ none.x.y }}", "{{ 'a' * 'b' }}", "{{ l | sort(attribute='x') }}", "{{ mixed | sort }}", "{{ '%d' % 'a' }}", "{{ '%s %s' % 'a' }}", "{{ '%s' % (1, 2) }}", "{{ 'a'.index('b') }}", "{{ 'a'.split('') }}", "{{ ', '.join([1]) }}", "{{ none | int + missing }}", "{{ missing | int }}", "{{ -'a' }}", "{{ not }}", "{{ a b }}", "{{ 1 if }}", "{% set %}", "{% set 1 = 2 %}", "{% set none = 1 %}", "{{ 'x' | truncate(1) }}", "{% break %}", "{{ loop.index }}", "{# open", "{{ open", "{% raw %}x", "{% macro f(a=1, b) %}{% endmacro %}", "{{ f(a=1, 2) }}", "{{ '}}", "{{ ) }}", "{{ d.x.y }}", "{% do l %}", "{{ 1 is odd is even }}", "{{ l | batch }}", "{{ messages[9].role }}",
    "{% for loop in l %}x{% endfor %}", "{% for x in l %}{% set loop = 1 %}{% endfor %}", "{% for x in l %}{% else %}{% set a, loop = 1, 2 %}{% endfor %}", "{% for x in l %}{% set loop %}a{% endset %}{% endfor %}", "{% for x in l %}{% with loop = 1 %}{{ loop }}{% endwith %}{% endfor %}",
    "{{ l | first(1) }}", "{{ l | last(1) }}", "{{ 'a' | escape(1) }}", "{{ 'a' | string(1) }}", "{{ 'a' | safe(1) }}", "{{ l | length(1) }}", "{{ l | count(1) }}", "{{ l | reverse(true) }}", "{{ 1 | abs(2) }}", "{{ l | list(1) }}", "{{ d | items(1) }}", "{{ 'a' | wordcount(1) }}", "{{ d is filter }}", "{{ l is test }}", "{{ 1 is filter }}", "{{ '\u01c5\u01c4\u00df\ufb01aB'.swapcase() }}",
    "{% if no %}{{ x | nosuch }}{% endif %}ok", "{{ x | nosuch if no }}ok", "{% if no %}{{ x is nosuch }}{% endif %}ok",
]


def expressions():
    """Each line of EXPRESSIONS, its values one by one: most lines list several with commas between them."""
    return [line for line in EXPRESSIONS.replace("'a\\\nb'", "'a\\nb'").split("\n") if line]
