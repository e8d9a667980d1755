use matrix::{fibonacci, Matrix};

fn matrix(rows: usize, columns: usize, cells: &[i64]) -> Matrix {
    Matrix::new(rows, columns, cells.to_vec()).unwrap()
}

#[test]
fn sizes_must_fit() {
    for (rows, columns, count) in [(0, 0, 0), (0, 3, 0), (3, 0, 0), (2, 2, 3), (2, 2, 5)] {
        assert_eq!(Matrix::new(rows, columns, vec![1; count]), None);
    }
    assert_eq!(matrix(1, 2, &[1, 2]).power(2), None);
    assert_eq!(matrix(1, 2, &[1, 2]).determinant(), None);
    assert_eq!(matrix(1, 2, &[1, 2]).times(&matrix(1, 2, &[1, 2])), None);
}

#[test]
fn products() {
    let square = matrix(2, 2, &[1, 2, 3, 4]);
    assert_eq!(square.times(&square), Some(matrix(2, 2, &[7, 10, 15, 22])));
    assert_eq!(square.times(&Matrix::identity(2)), Some(square.clone()));
    let column = matrix(3, 1, &[1, 2, 3]);
    let row = matrix(1, 3, &[4, 5, 6]);
    assert_eq!(row.times(&column), Some(matrix(1, 1, &[32])));
    assert_eq!(column.times(&row), Some(matrix(3, 3, &[4, 5, 6, 8, 10, 12, 12, 15, 18])));
}

#[test]
fn powers() {
    let square = matrix(2, 2, &[2, 1, 0, 3]);
    let mut product = Matrix::identity(2);
    for exponent in 0..9 {
        assert_eq!(square.power(exponent), Some(product.clone()), "{exponent}");
        product = product.times(&square).unwrap();
    }
    assert_eq!(fibonacci(40), 102_334_155);
    assert_eq!(matrix(1, 1, &[3]).power(4), Some(matrix(1, 1, &[81])));
}

#[test]
fn transposed_twice() {
    let given = matrix(4, 2, &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(given.transposed().transposed(), given);
    assert_eq!(given.transposed().at(1, 3), 8);
    assert_eq!(given.at(1, 0), 3);
}

#[test]
fn determinants() {
    for (size, cells, want) in [
        (1, vec![7], 7),
        (2, vec![1, 2, 3, 4], -2),
        (3, vec![1, 2, 3, 4, 5, 6, 7, 8, 9], 0),
        (3, vec![0, 2, 0, 1, 0, 0, 0, 0, 3], -6),
        (3, vec![0, 0, 1, 0, 1, 0, 1, 0, 0], -1),
        (4, vec![0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], -1),
        (4, vec![1, 2, 0, 1, 0, 1, 3, 0, 2, 0, 1, 1, 1, 0, 0, 2], 19),
    ] {
        let given = matrix(size, size, &cells);
        assert_eq!(given.determinant(), Some(want), "{cells:?}");
        assert_eq!(given.transposed().determinant(), Some(want), "{cells:?}");
    }
}
