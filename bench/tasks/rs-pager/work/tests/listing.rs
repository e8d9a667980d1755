use pager::listing::render;

const FRUIT: [&str; 5] = ["apple", "banana", "cherry", "date", "elderberry"];

#[test]
fn first_page() {
    assert_eq!(render(&FRUIT[..4], 1, 2), "1. apple\n2. banana\n[1] 2 >");
}

#[test]
fn last_page_that_is_not_full() {
    assert_eq!(render(&FRUIT, 3, 2), "5. elderberry\n< 1 2 [3]");
}

#[test]
fn no_hits() {
    assert_eq!(render(&[], 1, 10), "[1]");
}
