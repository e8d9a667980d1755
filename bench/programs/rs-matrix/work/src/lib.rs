//! Small matrices of whole numbers.

/// A matrix, stored row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    rows: usize,
    columns: usize,
    cells: Vec<i64>,
}

impl Matrix {
    /// A matrix from its cells; nothing if their number does not fit.
    pub fn new(rows: usize, columns: usize, cells: Vec<i64>) -> Option<Matrix> {
        if rows == 0 || columns == 0 || cells.len() != rows * columns {
            return None;
        }
        Some(Matrix { rows, columns, cells })
    }

    pub fn identity(size: usize) -> Matrix {
        let mut matrix = Matrix { rows: size, columns: size, cells: vec![0; size * size] };
        for index in 0..size {
            matrix.cells[index * size + index] = 1;
        }
        matrix
    }

    pub fn at(&self, row: usize, column: usize) -> i64 {
        self.cells[row * self.columns + column]
    }

    /// Rows and columns exchanged.
    pub fn transposed(&self) -> Matrix {
        let mut cells = Vec::with_capacity(self.cells.len());
        for column in 0..self.columns {
            for row in 0..self.rows {
                cells.push(self.at(row, column));
            }
        }
        Matrix { rows: self.columns, columns: self.rows, cells }
    }

    /// The product, if the sizes fit.
    pub fn times(&self, other: &Matrix) -> Option<Matrix> {
        if self.columns != other.rows {
            return None;
        }
        let mut cells = Vec::new();
        for row in 0..self.rows {
            for column in 0..other.columns {
                let mut sum = 0;
                for inner in 0..self.columns {
                    sum += self.at(row, inner) * other.at(inner, column);
                }
                cells.push(sum);
            }
        }
        Some(Matrix { rows: self.rows, columns: other.columns, cells })
    }

    /// The matrix multiplied with itself so many times.
    pub fn power(&self, exponent: u32) -> Option<Matrix> {
        if self.rows != self.columns {
            return None;
        }
        let mut result = Matrix::identity(self.rows);
        let mut base = self.clone();
        let mut left = exponent;
        while left > 0 {
            if left % 2 == 1 {
                result = result.times(&base)?;
            }
            base = base.times(&base)?;
            left /= 2;
        }
        Some(result)
    }

    /// The matrix without one row and one column.
    fn minor(&self, without_row: usize, without_column: usize) -> Matrix {
        let mut cells = Vec::new();
        for row in 0..self.rows {
            for column in 0..self.columns {
                if row != without_row && column != without_column {
                    cells.push(self.at(row, column));
                }
            }
        }
        Matrix { rows: self.rows - 1, columns: self.columns - 1, cells }
    }

    /// The determinant of a square matrix.
    pub fn determinant(&self) -> Option<i64> {
        if self.rows != self.columns {
            return None;
        }
        if self.rows == 1 {
            return Some(self.at(0, 0));
        }
        let mut sum = 0;
        for column in 0..self.columns {
            let part = self.at(0, column) * self.minor(0, column).determinant()?;
            if column % 2 == 0 {
                sum += part;
            } else {
                sum -= part;
            }
        }
        Some(sum)
    }
}

/// The n-th Fibonacci number.
pub fn fibonacci(n: u32) -> i64 {
    let step = Matrix { rows: 2, columns: 2, cells: vec![1, 1, 1, 0] };
    step.power(n).map_or(0, |matrix| matrix.at(0, 1))
}
