use route::route::Map;

fn town() -> Map {
    let mut map = Map::new();
    map.road("home", "school", 7);
    map.road("home", "park", 2);
    map.road("park", "shop", 3);
    map.road("shop", "school", 1);
    map.one_way("school", "lake", 4);
    map.road("park", "lake", 9);
    map
}

#[test]
fn shortest_route() {
    let map = town();
    assert_eq!(map.route("home", "school"), Some((6, vec!["home", "park", "shop", "school"])));
    assert_eq!(map.route("home", "lake"), Some((10, vec!["home", "park", "shop", "school", "lake"])));
}

#[test]
fn one_way() {
    let map = town();
    assert_eq!(map.route("lake", "school"), Some((13, vec!["lake", "park", "shop", "school"])));
}

#[test]
fn no_route() {
    let mut map = town();
    map.one_way("island", "home", 1);
    assert_eq!(map.route("home", "island"), None);
    assert_eq!(map.route("home", "nowhere"), None);
}
