use route::heap::Heap;
use route::route::Map;

#[test]
fn heap_sorts() {
    let mut seed = 12_345_u64;
    for count in 0..40 {
        let mut heap = Heap::new();
        let mut want = Vec::new();
        for value in 0..count {
            seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
            heap.push(seed % 50, value);
            want.push((seed % 50, value));
        }
        want.sort_unstable();
        assert_eq!(heap.len(), count);
        assert_eq!(heap.is_empty(), count == 0);
        let got: Vec<_> = std::iter::from_fn(|| heap.pop()).collect();
        assert_eq!(got, want);
    }
}

#[test]
fn a_late_better_way() {
    let mut map = Map::new();
    map.one_way("a", "d", 10);
    map.one_way("a", "b", 1);
    map.one_way("b", "c", 1);
    map.one_way("c", "d", 1);
    map.one_way("d", "e", 1);
    assert_eq!(map.route("a", "e"), Some((4, vec!["a", "b", "c", "d", "e"])));
    assert_eq!(map.route("e", "a"), None);
    assert_eq!(map.route("a", "a"), Some((0, vec!["a"])));
}

#[test]
fn all_pairs_on_a_grid() {
    let mut map = Map::new();
    let name = |x: usize, y: usize| format!("{x},{y}");
    for x in 0..6 {
        for y in 0..6 {
            if x < 5 {
                map.road(&name(x, y), &name(x + 1, y), 2);
            }
            if y < 5 {
                map.road(&name(x, y), &name(x, y + 1), 3);
            }
        }
    }
    for x in 0..6 {
        for y in 0..6 {
            let (length, places) = map.route(&name(2, 3), &name(x, y)).unwrap();
            assert_eq!(length, 2 * x.abs_diff(2) as u64 + 3 * y.abs_diff(3) as u64);
            assert_eq!(places.len(), x.abs_diff(2) + y.abs_diff(3) + 1);
        }
    }
}

#[test]
fn two_roads_between_the_same_places() {
    let mut map = Map::new();
    map.road("a", "b", 5);
    map.road("a", "b", 3);
    assert_eq!(map.route("b", "a"), Some((3, vec!["b", "a"])));
}
