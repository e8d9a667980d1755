use ini::parse::{parse, quoted};
use ini::Ini;

#[test]
fn values_are_read() {
    for (line, want) in [
        ("k = v", "v"),
        ("k=v", "v"),
        ("  k  =  v w  ", "v w"),
        ("k = a = b", "a = b"),
        ("k =", ""),
        ("k = \"\"", ""),
        ("k = \" v \"", " v "),
        ("k = \"#\" # x", "#"),
        ("k = v ; \"x\"", "v"),
        ("k = \"", "\""),
        ("k = \"a\" \"b\"", "a\" \"b"),
        ("k = v\"", "v\""),
    ] {
        assert_eq!(parse(line).unwrap().value("", "k"), Some(want), "{line}");
    }
}

#[test]
fn sections() {
    let ini = parse("[ a ]\nx = 1\n[b]\nx = 2\n[c]\n").unwrap();
    assert_eq!(ini.sections.len(), 3);
    assert_eq!((ini.number("a", "x"), ini.number("b", "x"), ini.number("c", "x")), (Some(1), Some(2), None));
    assert_eq!(ini.number("d", "x"), None);
    assert_eq!(parse("").unwrap(), Ini::default());
    assert_eq!(parse("[]\nx = 1").unwrap().value("", "x"), Some("1"));
}

#[test]
fn quotes_when_needed() {
    for (value, want) in [
        ("a", "a"), ("a b", "a b"), ("", "\"\""), (" a", "\" a\""), ("a ", "\"a \""),
        ("a;b", "\"a;b\""), ("#", "\"#\""), ("a=b", "a=b"),
    ] {
        assert_eq!(quoted(value), want);
    }
}

#[test]
fn round_trip() {
    let mut ini = Ini::default();
    for (section, key, value) in [
        ("", "top", "1"), ("one", "a", "x; y"), ("one", "b", ""), ("two", "a", "#"), ("one", "a", "z"),
    ] {
        ini.set(section, key, value);
        assert_eq!(ini.value(section, key), Some(value));
        assert_eq!(parse(&ini.write()).unwrap(), ini);
    }
    assert_eq!(ini.sections.len(), 3);
    assert_eq!(ini.write(), "top = 1\n\n[one]\na = z\nb = \"\"\n\n[two]\na = \"#\"\n");
    assert_eq!(ini.number("", "top"), Some(1));
    assert_eq!(ini.number("one", "a"), None);
}

#[test]
fn problems_name_the_line() {
    for (text, line) in [("[a", 1), ("a = 1\n\nb", 3), ("# x\n= 2", 2), ("[a]\n[b]\n[", 3)] {
        assert_eq!(parse(text).unwrap_err().line, line, "{text}");
    }
}
