use ini::parse::parse;

const FILE: &str = "name = demo ; the name\n\n[window]\nwidth = 80\ntitle = \"a; b\"\nwidth = 90\n# end\n[empty]\n";

#[test]
fn values() {
    let ini = parse(FILE).unwrap();
    assert_eq!(ini.value("", "name"), Some("demo"));
    assert_eq!(ini.value("window", "title"), Some("a; b"));
    assert_eq!(ini.number("window", "width"), Some(90));
    assert_eq!(ini.value("window", "name"), None);
    assert_eq!(ini.sections.len(), 3);
}

#[test]
fn written_again() {
    let mut ini = parse(FILE).unwrap();
    ini.set("window", "width", "100");
    ini.set("colours", "back", " white ");
    assert_eq!(
        ini.write(),
        "name = demo\n\n[window]\nwidth = 80\ntitle = \"a; b\"\nwidth = 100\n\n[empty]\n\n[colours]\nback = \" white \"\n"
    );
}

#[test]
fn problems() {
    assert_eq!(parse("a = 1\n[open").unwrap_err().line, 2);
    assert_eq!(parse("\n\nnothing").unwrap_err().text, "missing =");
    assert_eq!(parse(" = 1").unwrap_err().text, "missing key");
}
