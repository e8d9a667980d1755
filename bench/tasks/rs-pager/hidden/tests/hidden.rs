use pager::listing::render;
use pager::page::{page_count, window, Page};

#[test]
fn counts() {
    for (total, size, count) in [
        (0, 10, 1), (1, 10, 1), (9, 10, 1), (10, 10, 1), (11, 10, 2), (20, 10, 2),
        (21, 10, 3), (5, 1, 5), (7, 3, 3), (6, 3, 2), (1, 1, 1),
    ] {
        assert_eq!(page_count(total, size), count, "{total} in pages of {size}");
    }
}

#[test]
fn every_hit_is_on_exactly_one_page() {
    for total in 0..30 {
        for size in 1..8 {
            let mut seen = Vec::new();
            for number in 1..=page_count(total, size) {
                seen.extend(Page::new(number, size, total).range());
            }
            assert_eq!(seen, (0..total).collect::<Vec<_>>(), "{total} {size}");
        }
    }
}

#[test]
fn pages_outside_are_moved() {
    assert_eq!(Page::new(0, 10, 25).number, 1);
    assert_eq!(Page::new(9, 10, 25).number, 3);
    assert_eq!(Page::new(9, 10, 20).number, 2);
    assert_eq!(Page::new(2, 0, 2).size, 1);
}

#[test]
fn neighbours() {
    assert!(Page::new(2, 10, 21).has_next());
    assert!(!Page::new(3, 10, 21).has_next());
    assert!(!Page::new(2, 10, 20).has_next());
    assert!(!Page::new(1, 10, 20).has_previous());
}

#[test]
fn windows() {
    assert_eq!(window(5, 9, 1), [1, 4, 5, 6, 9]);
    let hits = ["x"; 17];
    assert!(render(&hits, 5, 2).ends_with("< 1 ... 4 [5] 6 ... 9 >"));
}
