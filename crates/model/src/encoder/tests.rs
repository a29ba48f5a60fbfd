use super::*;
use crate::random::Random;

fn small() -> Encoder {
    let shape = Shape { vocabulary: 20, places: 12, layers: 2, width: 16, heads: 2, inner: 32 };
    let mut random = Random::of(&[7]);
    let mut normal =
        |n: usize, size: f32| -> Vec<f32> { (0..n).map(|_| size * random.normal()).collect() };
    let pieces = normal(20 * 16, 1.0);
    let weights = normal(shape.weights(), 0.3);
    Encoder { shape, pieces, weights }
}

/// A reader of one small layer, as wide as networks for lines expect.
pub(crate) fn small_reader() -> Reader {
    let words = Words::new("[CLS]\n[SEP]\n[UNK]\na\n".to_owned()).unwrap();
    let width = crate::parameters::MEANING / 2;
    let shape = Shape { vocabulary: 4, places: 256, layers: 1, width, heads: 12, inner: 32 };
    let weights = (0..shape.weights()).map(|at| (at % 7) as f32 * 0.01).collect();
    let encoder = Encoder { shape, pieces: vec![0.1; 4 * width], weights };
    Reader { words: std::sync::Arc::new(words), encoder }
}

/// A loss whose gradient at the states is `slopes`.
fn loss(encoder: &Encoder, tokens: &[Token], slopes: &[f32]) -> f64 {
    let (states, _) = encoder.forward(&Products::new(), tokens, None);
    states.iter().zip(slopes).map(|(&x, &w)| f64::from(x) * f64::from(w)).sum()
}

#[test]
fn the_gradients_are_those_of_finite_differences() {
    let encoder = small();
    let tokens: Vec<Token> = vec![1, 5, 7, 5, 19, 2, 3];
    let mut random = Random::of(&[8]);
    let slopes: Vec<f32> = (0..tokens.len() * 16).map(|_| random.normal()).collect();
    let (_, tape) = encoder.forward(&Products::new(), &tokens, None);
    let mut g = EncoderGradient::zeros(&encoder.shape);
    encoder.backward(&Products::new(), &tape, slopes.clone(), &mut g);
    let step = 4e-3;
    let check = |up: f64, down: f64, found: f32, what: &str| {
        let slope = (up - down) / f64::from(2.0 * step);
        let far = (slope - f64::from(found)).abs();
        assert!(far < 2e-2 + 0.02 * slope.abs(), "{what}: {slope} and {found}");
    };
    for at in (0..encoder.weights.len()).step_by(13) {
        let (mut up, mut down) = (encoder.clone(), encoder.clone());
        up.weights[at] += step;
        down.weights[at] -= step;
        let (up, down) = (loss(&up, &tokens, &slopes), loss(&down, &tokens, &slopes));
        check(up, down, g.weights[at], &format!("weight {at}"));
    }
    for token in [1usize, 5, 19, 4] {
        for i in 0..16 {
            let (mut up, mut down) = (encoder.clone(), encoder.clone());
            up.pieces[token * 16 + i] += step;
            down.pieces[token * 16 + i] -= step;
            let (up, down) = (loss(&up, &tokens, &slopes), loss(&down, &tokens, &slopes));
            let found = g.pieces.get(&(token as Token)).map_or(0.0, |row| row[i]);
            check(up, down, found, &format!("piece {token}"));
        }
    }
}

#[test]
fn the_encoder_in_bytes_is_near_the_one_in_floats_after_a_file() {
    let mut encoder = small();
    encoder.shape = Shape { places: 400, width: 384, heads: 12, inner: 64, ..encoder.shape };
    let mut random = Random::of(&[11]);
    encoder.pieces = (0..20 * 384).map(|_| random.normal()).collect();
    encoder.weights = (0..encoder.shape.weights()).map(|_| 0.06 * random.normal()).collect();
    for layer in 0..2 {
        for part in [shape::Part::FirstScale, shape::Part::SecondScale] {
            encoder.weights[encoder.shape.range(layer, part)].fill(1.0);
        }
    }
    encoder.weights[..384].fill(1.0);
    let rounded = RoundedEncoder::of(&encoder);
    let mut file = crate::tensors::TensorsToWrite::default();
    rounded.write("e.", &mut file);
    let bytes = file.to_bytes().unwrap();
    let read = RoundedEncoder::read("e.", &crate::tensors::Tensors::open(&bytes).unwrap()).unwrap();
    assert_eq!(read, rounded);
    let tokens: Vec<Token> = (0..50).map(|at| at * 7 % 20).collect();
    let (exact, _) = encoder.forward(&Products::new(), &tokens, None);
    let near = ByteEncoder::of(read).forward(&Products::alone(), &tokens);
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|x| x * x).sum::<f32>().sqrt();
    let far = square(&mut near.iter().zip(&exact).map(|(a, b)| a - b));
    let size = square(&mut exact.iter().copied());
    assert!(far < 0.03 * size, "{far} of {size}");
}
