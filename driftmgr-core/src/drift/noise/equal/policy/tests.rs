use super::*;

fn same(before: &str, after: &str) -> bool {
    let before = normal_form(before).expect("a policy");
    before == normal_form(after).expect("a policy")
}

fn policy(statement: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)
}

#[test]
fn spellings_that_grant_the_same() {
    let pairs = [
        (
            r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#,
            r#"{ "Resource": ["*"], "Action": ["s3:getobject"], "Effect": "Allow", "Sid": "" }"#,
        ),
        (
            r#"{"Effect":"Allow","Action":["a:B","a:C"],"Resource":["x","y"]}"#,
            r#"{"Effect":"Allow","Action":["a:C","a:B"],"Resource":["y","x","y"]}"#,
        ),
        (
            r#"{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"a:B"}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root"]},"Action":"a:B"}"#,
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"a:B"}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"a:B"}"#,
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":[false]}}}"#,
        ),
    ];
    for (before, after) in pairs {
        assert!(same(&policy(before), &policy(after)), "{before}\n{after}");
    }
    assert!(same(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:B","Resource":"*"}}"#,
        &policy(r#"{"Effect":"Allow","Action":"a:B","Resource":"*"}"#),
    ));
    let two = [
        r#"{"Effect":"Allow","Action":"a:B","Resource":"*"}"#,
        r#"{"Effect":"Deny","Action":"a:C","Resource":"*"}"#,
    ];
    let backwards = format!("{},{}", two[1], two[0]);
    assert!(same(&policy(&two.join(",")), &policy(&backwards)));
}

#[test]
fn one_changed_word_is_another_policy() {
    let base = r#"{"Sid":"s","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":["a:B"],"Resource":["arn:aws:s3:::b/Key"],"Condition":{"StringEquals":{"aws:x":"y"}}}"#;
    for (from, to) in [
        (r#""Allow""#, r#""Deny""#),
        (r#""s","#, r#""t","#),
        ("123456789012", "123456789013"),
        (r#""AWS""#, r#""Service""#),
        (r#""Principal""#, r#""NotPrincipal""#),
        ("a:B", "a:*"),
        (r#""Action""#, r#""NotAction""#),
        ("b/Key", "b/key"),
        (r#""Resource""#, r#""NotResource""#),
        ("StringEquals", "StringLike"),
        (r#""y""#, r#""*""#),
        ("aws:x", "aws:z"),
        (r#"["a:B"]"#, r#"["a:B","a:C"]"#),
        (r#",{"StringEquals":{"aws:x":"y"}}"#, ""),
    ] {
        let other = base.replace(from, to);
        if other != base {
            assert!(!same(&policy(base), &policy(&other)), "{from} {to}");
        }
    }
    let unconditional = base.replace(r#","Condition":{"StringEquals":{"aws:x":"y"}}"#, "");
    assert!(!same(&policy(base), &policy(&unconditional)));
    let other_version = policy(base).replace("2012-10-17", "2008-10-17");
    assert!(!same(&policy(base), &other_version));
}

#[test]
fn what_is_no_policy_is_not_understood() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"Statement":"x"}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":1}]}"#,
        r#"{"Statement":[{"Action":"a:B"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"a:B","NotAction":"a:C"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Effect":"Deny","Action":"a:B"}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Action":"a:B","Else":1}]}"#,
        r#"{"Statement":[{"Effect":"Allow","Principal":"somebody","Action":"a:B"}]}"#,
    ] {
        assert!(normal_form(text).is_none(), "{text}");
    }
}
