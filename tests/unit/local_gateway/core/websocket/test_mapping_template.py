"""What mapping templates become: examples of the developer guide, and Velocity's corners."""

import json
import re
from typing import Any

import pytest

from local_gateway.core.websocket.mapping_template import (
    BodyError,
    Variables,
    check,
    escape_javascript,
    render,
)
from local_gateway.core.websocket.velocity_values import VelocityError

BODY: dict[str, Any] = {
    "a": 1,
    "b": [{"c": 5}],
    "s": "it's",
    "n": None,
    "t": True,
    "people": [{"name": "Ana"}, {"name": "Bo"}],
    "map": {"k": "v", "j": 2},
}


def variables(body: object = BODY) -> Variables:
    return Variables(
        body=body if isinstance(body, str) else json.dumps(body),
        context={
            "connectionId": "c=",
            "routeKey": "go",
            "requestTimeEpoch": 1707502303042,
            "identity": {"sourceIp": "192.0.2.7"},
            "authorizer": {"principalId": "ana", "flag": "true"},
        },
        stage_variables={"room": "lobby"},
        parameters={"header": {"X": "h", "name": "h"}, "querystring": {"name": "q"}},
    )


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"statusCode": 200}', '{"statusCode": 200}'),
        ("$context.connectionId ${context.routeKey}!", "c= go!"),
        ("$context.identity.sourceIp $context.requestTimeEpoch", "192.0.2.7 1707502303042"),
        ("$context.authorizer.principalId/$context.authorizer.nothing", "ana/"),
        (
            "$stageVariables.room ${stageVariables.room} $stageVariables['room']",
            "lobby lobby lobby",
        ),
        ("$input.params('name') $input.params('X') [$input.params('none')]", "q h []"),
        ("$input.params().header.X $input.params().get('querystring').get('name')", "h q"),
        ("$input.path('$.a') $input.path('$.s') $input.path('$.t')", "1 it's true"),
        ("[$input.path('$.n')$input.path('$.none')$nothing$!nothing${nothing}]", "[]"),
        ("$input.path('$.b') $input.path('$.map')", '[{"c":5}] {k=v, j=2}'),
        ("$input.json('$.b') $input.json('$.s') $input.json('$.none')", '[{"c":5}] "it\'s" ""'),
        ("$input.nothing", ""),
        ("$input.path('$.people').size() $input.path('$.people')[1].name", "2 Bo"),
        ("#if($input.path('$.a') == 1)one#{else}other#end", "one"),
        ("#if(!$input.path('$.none') && $input.path('$.t'))yes#end", "yes"),
        ("#if($input.path('$.none') == $null)null#end", "null"),
        ("#set($x = $input.path('$.a') + 1)$x", "2"),
        ("#set($b = true)$b #set($e = 'x' == 'x')$e", "true true"),
        ('#set($l = [1, "a", true])$l', "[1, a, true]"),
        ('#set($m = {"a": 1})#set($m.b = "x")$m', "{a=1, b=x}"),
        (
            "#foreach($p in $input.path('$.people'))$p.name#if($foreach.hasNext), #end#end",
            "Ana, Bo",
        ),
        ("#foreach($v in $input.path('$.map'))$v;#end", "v;2;"),
        ("#foreach($k in $input.path('$.map').keySet())$k;#end", "k;j;"),
        ("#foreach($e in $input.path('$.map').entrySet())$e.key=$e.getValue();#end", "k=v;j=2;"),
        ("#foreach($p in $input.path('$.people'))#set($last = $p.name)#end$last", "Bo"),
        ("#foreach($p in $nothing)x#end", ""),
        ("#foreach($p in $input.path('$.s'))x#end", ""),
        ("#foreach($p in $input)x#end#foreach($p in $util)x#end", ""),
        ("#macro(hi $name)Hi $name#end#hi('Bo')", "Hi Bo"),
        ("## a comment\n#* another *#x", "x"),
        (r"""$util.escapeJavaScript("it's").replaceAll("\\'", "'")""", "it's"),
        ('#set($q = "say ""hi""")$q', 'say "hi"'),
        ('#set($s = "at $context.routeKey")$s', "at go"),
        ("#set($s = 'at $context.routeKey')$s", "at $context.routeKey"),
        ("$util.urlEncode('a b&~*é') $util.urlDecode('a+b%26')", "a+b%26%7E*%C3%A9 a b&"),
        ("$util.base64Encode('hé') $util.base64Decode('aMOp')", "aMOp hé"),
        ("$util.parseJson('{\"q\": [1, 2]}').q[1]", "2"),
        ("$util.escapeJavaScript($input.json('$.map'))", '{\\"k\\":\\"v\\",\\"j\\":2}'),
        ("costs $100, #1", "costs $100, #1"),
    ],
)
def test_a_template_becomes_text(template: str, text: str) -> None:
    check(template)
    assert render(template, variables()) == text


def test_all_that_a_request_has_as_in_the_developer_guide() -> None:
    template = """#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : {
    "api-key" : "$context.identity.apiKey",
    "source-ip" : "$context.identity.sourceIp"
    }
}"""
    check(template)
    assert json.loads(render(template, variables())) == {
        "body-json": BODY,
        "params": {
            "path": {},
            "querystring": {"name": "q"},
            "header": {"X": "h", "name": "h"},
        },
        "stage-variables": {"room": "lobby"},
        "context": {"api-key": "", "source-ip": "192.0.2.7"},
    }


def test_a_body_that_is_missing_is_an_empty_object() -> None:
    assert render("$input.body $input.json('$')", variables("")) == "{} {}"


def test_a_body_is_passed_as_it_was_sent() -> None:
    assert render("$input.body", variables('{"a" : 1.10}')) == '{"a" : 1.10}'


@pytest.mark.parametrize("template", ["$input.path('$')", "$input.json('$.a')"])
def test_a_body_that_is_no_json_cannot_be_read_as_json(template: str) -> None:
    with pytest.raises(BodyError, match="reads the body as JSON, which it is not"):
        render(template, variables("hello"))


def test_a_template_may_set_what_overrides_the_request() -> None:
    made = variables()
    template = '#set($context.requestOverride.header.X-Amz-Target = "AWSEvents.PutEvents")'
    check(template)
    assert render(template, made) == ""
    assert made.overrides["header"] == {"X-Amz-Target": "AWSEvents.PutEvents"}


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("$input.path('$.s').upper()", "a string has no method upper() here"),
        ("$input.path('$.b').push(1)", "a list has no method push() here"),
        ("$util.toJson('x')", "$util has no function toJson in API Gateway"),
        ("$util.parseJson('{')", "parseJson(): Expecting property name"),
        ("$util.base64Decode('!')", "base64Decode(): Only base64 data is allowed"),
        ("$input.path('$.s').substring(9)", "substring(9, 4) is outside of 4 characters"),
        ("$input.path('$.b').get(7)", "index 7 is outside of 1 items"),
        ("#set($p = '$..[?(@)]')$input.path($p)", "[?(@)] is no index"),
        ("#set($n = 1 / 0)", "ZeroDivisionError: "),
        ("$input.path('$.s').matches('(')", "the pattern ( is not served"),
        ("#foreach($i in 7)#end", "value for $i is not iterable"),
        ("#if($x)open", "line 1, column 12: expected"),
    ],
)
def test_what_cannot_be_rendered_is_named(template: str, problem: str) -> None:
    with pytest.raises(VelocityError) as raised:
        render(template, variables())
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("#if($x)open", "line 1, column 12: expected"),
        ("#set($x 1)", "expected = in set directive"),
        ("#foreach($i in [1])#break#end", "#break is not served in mapping templates"),
        ("#parse('other.vm')", "#parse is not served"),
        ("#include('other.txt')", "#include is not served"),
        ("#@macro()x#end", "#@macro is not served"),
        ("#[[$x]]#", "#[[ is not served"),
        ("$input.path('$.a[?(@.b)]')", "[?(@.b)] is no index"),
        ('$!{input.json("$.a.length()")}', ".length() is no step"),
    ],
)
def test_a_template_that_can_never_be_rendered_is_refused(template: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        check(template)


def test_a_path_with_a_variable_is_checked_when_it_is_known() -> None:
    check('$input.path("$.items[$index]")')


def test_a_template_that_calls_itself_ends() -> None:
    with pytest.raises(VelocityError):
        render("#macro(again)#again()#end#again()", variables())


def test_javascript_is_escaped_as_by_apache() -> None:
    assert escape_javascript("a'b\"c\\d/e\n\té\x01") == "a\\'b\\\"c\\\\d\\/e\\n\\t\\u00e9\\u0001"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("$input.path('$.a')", "?"),
        ("$util.urlEncode($input.path('$.a'))", "%3F"),
        ("$util.base64Encode($input.path('$.a'))", "Pw=="),
    ],
)
def test_half_a_character_is_a_question_mark(template: str, text: str) -> None:
    assert render(template, variables(r'{"a": "\ud800"}')) == text


def test_a_loop_has_a_thousand_rounds_at_most() -> None:
    template = "#foreach($i in $input.path('$'))x#end"
    assert render(template, variables([0] * 1000)) == "x" * 1000
    with pytest.raises(VelocityError, match="a loop over 1001 values; AWS allows 1000"):
        render(template, variables([0] * 1001))
