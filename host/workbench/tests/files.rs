//! Scenario files that cannot be read: every error says what, where, and in which line.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use procession_workbench::scenario::File;

fn refused(text: &str) -> String {
    match File::parse(text.as_bytes()) {
        Ok(file) => panic!("{text} was read as {file:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_unknown_field_is_named_with_its_path_and_line() {
    let text =
        "{\n  \"scenarios\": [\n    { \"name\": \"a\", \"steps\": [\n      { \"when\": { \"cancel\": \"x\" }, \"than\": {} } ] } ] }";
    let error = refused(text);
    assert!(error.starts_with("scenarios[0].steps[0].than: unknown field `than`"), "{error}");
    assert!(error.contains("line 4"), "{error}");
}

#[test]
fn each_wrong_word_is_named_where_it_stands() {
    let in_step = |step: &str| format!("{{\"scenarios\":[{{\"name\":\"a\",\"steps\":[{step}]}}]}}");
    for (step, words) in [
        (r#"{"after":"soon","when":{"cancel":"x"}}"#, "steps[0].after: \"soon\" is no span of time"),
        (r#"{"when":{"message":{"kind":"a b"}}}"#, "kind \"a b\" is not valid"),
        (r#"{"when":{"message":{}}}"#, "missing field `kind`"),
        (r#"{"when":{"shout":{}}}"#, "unknown variant `shout`"),
        (r#"{"when":{"cancel":"x"},"then":{}}"#, "`then` says one of"),
        (r#"{"when":{"cancel":"x"},"then":{"ignored":true,"deferred":true}}"#, "`then` says one of"),
        (r#"{"when":{"cancel":"x"},"then":{"ignored":false}}"#, "`false` says nothing"),
        (r#"{"when":{"cancel":"x"},"then":{"rejected":{"reason":"bad"}}}"#, "\"bad\" is no reason"),
        (r#"{"when":{"cancel":"x"},"then":{"rejected":{"core":"x"}}}"#, "then.rejected.core: unknown field `core`"),
        (r#"{"when":{"cancel":"x"},"look":{"phase":"gone"}}"#, "look.phase: unknown variant `gone`"),
        (r#"{"then":{"ignored":true}}"#, "no `when`"),
        (r#"{"seed":-1,"when":{"cancel":"x"}}"#, "seed: invalid type: integer `-1`, expected a whole number of 64 bits"),
    ] {
        let error = refused(&in_step(step));
        assert!(error.contains(words), "{step}: {error}");
        assert!(error.contains("line 1"), "{step}: {error}");
    }
}

#[test]
fn a_scenario_is_one_step_or_has_steps() {
    assert!(refused(r#"{"scenarios":[{"name":"a","when":{"cancel":"x"},"steps":[]}]}"#).contains("belong into them"));
    assert!(refused(r#"{"scenarios":[{"name":"a","steps":[]}]}"#).contains("has no steps"));
    assert!(refused(r#"{"scenarios":[{"name":"a"}]}"#).contains("no `when`"));
    assert!(refused("{\"scenarios\":[]} {}").contains("trailing characters"));
    assert!(refused("").contains("line 1"));
    assert!(refused("{\"at\":\"noon\",\"scenarios\":[]}").starts_with("at: \"noon\" is no time"));
}

#[test]
fn what_is_written_reads_back_the_same() {
    let text = r#"{"process":"p","at":"2026-02-03T04:05:06Z","seed":"18446744073709551615","scenarios":[{"name":"a","snapshot":null,"given":[{"kind":"A","data":{"n":1.0}}],
        "steps":[{"after":"90s","when":{"message":{"kind":"B","data":{ "odd" : "\u00e4", "big": 1e30 }}},"then":{"effects":[{"set-timer":{"name":"t","after":"1h","data":null}}]}},
                 {"when":{"timer":{"name":"t"}},"then":{"rejected":{"reason":"invalid","message":"*"}},"look":{"step":null,"tags":{"a":"b"}}}]}]}"#;
    let file = File::parse(text.as_bytes()).unwrap();
    let written = serde_json::to_string_pretty(&file).unwrap();
    assert_eq!(File::parse(written.as_bytes()).unwrap(), file, "{written}");
    assert!(written.contains(r#"{ "odd" : "\u00e4", "big": 1e30 }"#), "data is kept as it was written: {written}");
}
