use matrix::{fibonacci, Matrix};

fn matrix(rows: usize, columns: usize, cells: &[i64]) -> Matrix {
    Matrix::new(rows, columns, cells.to_vec()).unwrap()
}

#[test]
fn product() {
    let left = matrix(2, 3, &[1, 2, 3, 4, 5, 6]);
    let right = matrix(3, 1, &[1, 0, 2]);
    assert_eq!(left.times(&right), Some(matrix(2, 1, &[7, 16])));
    assert_eq!(right.times(&left), None);
}

#[test]
fn transposed() {
    let given = matrix(2, 3, &[1, 2, 3, 4, 5, 6]);
    assert_eq!(given.transposed(), matrix(3, 2, &[1, 4, 2, 5, 3, 6]));
}

#[test]
fn determinant() {
    let given = matrix(3, 3, &[2, 0, 1, 1, 3, 2, 1, 1, 4]);
    assert_eq!(given.determinant(), Some(18));
}

#[test]
fn powers() {
    assert_eq!((0..8).map(fibonacci).collect::<Vec<_>>(), [0, 1, 1, 2, 3, 5, 8, 13]);
}
