//! The shape of a generator, as `config.json` or the metadata of a GGUF file says it, and the
//! tensors that a model of that shape has.

use super::gguf::Gguf;
use super::unfit;
use crate::error::ModelError;
use serde_json::Value;

/// Which kind of network it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Llama, SmolLM2 and all that call themselves `LlamaForCausalLM`.
    Llama,
    /// Qwen3: heads of their own width, and a norm of every query and key.
    Qwen3,
}

impl Architecture {
    /// Whether each head's queries and keys are normed.
    #[must_use]
    pub const fn norms_heads(self) -> bool {
        matches!(self, Self::Qwen3)
    }

    /// Its name in GGUF metadata.
    const fn gguf(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen3 => "qwen3",
        }
    }
}

/// The shape of a generator.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Which kind of network it is.
    pub architecture: Architecture,
    /// Rows of the embedding.
    pub vocabulary: usize,
    /// Values of a token's state.
    pub width: usize,
    /// Layers.
    pub layers: usize,
    /// Heads that ask.
    pub heads: usize,
    /// Heads that are asked; each serves `heads / kv_heads` of those that ask.
    pub kv_heads: usize,
    /// Values of a head; even.
    pub head_width: usize,
    /// Values between the two products of the feed-forward part.
    pub inner: usize,
    /// Base of the rotations.
    pub theta: f32,
    /// What the frequency of each pair of a head is divided by, `head_width / 2` values (1 where
    /// nothing is scaled).
    pub rope_factors: Vec<f32>,
    /// Added to the mean square before its root is taken.
    pub epsilon: f32,
    /// Most tokens that it was made to read and write.
    pub context: usize,
    /// Whether the embedding is also the head.
    pub tied: bool,
}

/// A tensor of a generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tensor {
    /// A row a token.
    Embedding,
    /// Scale of the last norm.
    Norm,
    /// A row a token; not there if tied.
    Head,
    /// A part of a layer, by its number from 0.
    Layer(usize, LayerPart),
}

/// A part of a layer. Matrices have a row for each output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LayerPart {
    /// Scale of the norm before attention.
    AttentionNorm,
    /// `heads · head_width` rows, each head's values in two halves that rotate together.
    Query,
    /// `kv_heads · head_width` rows, in the same order.
    Key,
    /// `kv_heads · head_width` rows.
    Value,
    /// Scale of the norm of each head's query.
    QueryNorm,
    /// Scale of the norm of each head's key.
    KeyNorm,
    /// `width` rows.
    Out,
    /// Scale of the norm before the feed-forward part.
    FeedNorm,
    /// `inner` rows.
    Gate,
    /// `inner` rows.
    Up,
    /// `width` rows.
    Down,
}

impl LayerPart {
    /// All, in the order in which a layer uses them.
    pub const ALL: [Self; 11] = [
        Self::AttentionNorm,
        Self::Query,
        Self::Key,
        Self::Value,
        Self::QueryNorm,
        Self::KeyNorm,
        Self::Out,
        Self::FeedNorm,
        Self::Gate,
        Self::Up,
        Self::Down,
    ];

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::AttentionNorm => ("input_layernorm", "attn_norm"),
            Self::Query => ("self_attn.q_proj", "attn_q"),
            Self::Key => ("self_attn.k_proj", "attn_k"),
            Self::Value => ("self_attn.v_proj", "attn_v"),
            Self::QueryNorm => ("self_attn.q_norm", "attn_q_norm"),
            Self::KeyNorm => ("self_attn.k_norm", "attn_k_norm"),
            Self::Out => ("self_attn.o_proj", "attn_output"),
            Self::FeedNorm => ("post_attention_layernorm", "ffn_norm"),
            Self::Gate => ("mlp.gate_proj", "ffn_gate"),
            Self::Up => ("mlp.up_proj", "ffn_up"),
            Self::Down => ("mlp.down_proj", "ffn_down"),
        }
    }
}

impl Tensor {
    /// Its name in a folder of safetensors.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Embedding => "model.embed_tokens.weight".to_owned(),
            Self::Norm => "model.norm.weight".to_owned(),
            Self::Head => "lm_head.weight".to_owned(),
            Self::Layer(at, part) => format!("model.layers.{at}.{}.weight", part.names().0),
        }
    }

    /// Its name in a GGUF file.
    #[must_use]
    pub fn gguf_name(self) -> String {
        match self {
            Self::Embedding => "token_embd.weight".to_owned(),
            Self::Norm => "output_norm.weight".to_owned(),
            Self::Head => "output.weight".to_owned(),
            Self::Layer(at, part) => format!("blk.{at}.{}.weight", part.names().1),
        }
    }

    /// Its rows and columns; a norm's scale is one row.
    #[must_use]
    pub const fn shape(self, config: &Config) -> [usize; 2] {
        let (width, inner) = (config.width, config.inner);
        let (queries, keys) = (config.queries(), config.keys());
        match self {
            Self::Embedding | Self::Head => [config.vocabulary, width],
            Self::Norm => [1, width],
            Self::Layer(_, part) => match part {
                LayerPart::AttentionNorm | LayerPart::FeedNorm => [1, width],
                LayerPart::QueryNorm | LayerPart::KeyNorm => [1, config.head_width],
                LayerPart::Query => [queries, width],
                LayerPart::Key | LayerPart::Value => [keys, width],
                LayerPart::Out => [width, queries],
                LayerPart::Gate | LayerPart::Up => [inner, width],
                LayerPart::Down => [width, inner],
            },
        }
    }

    /// Whether it is the scale of a norm.
    #[must_use]
    pub const fn is_norm(self) -> bool {
        matches!(
            self,
            Self::Norm
                | Self::Layer(
                    _,
                    LayerPart::AttentionNorm
                        | LayerPart::FeedNorm
                        | LayerPart::QueryNorm
                        | LayerPart::KeyNorm
                )
        )
    }
}

impl Config {
    /// Values of all queries of a token.
    #[must_use]
    pub const fn queries(&self) -> usize {
        self.heads * self.head_width
    }

    /// Values of all keys of a token.
    #[must_use]
    pub const fn keys(&self) -> usize {
        self.kv_heads * self.head_width
    }

    /// All tensors of a model of this shape, in the order in which it uses them.
    #[must_use]
    pub fn tensors(&self) -> Vec<Tensor> {
        let mut all = vec![Tensor::Embedding];
        for at in 0..self.layers {
            let parts = LayerPart::ALL.iter().filter(|part| {
                self.architecture.norms_heads()
                    || !matches!(part, LayerPart::QueryNorm | LayerPart::KeyNorm)
            });
            all.extend(parts.map(|part| Tensor::Layer(at, *part)));
        }
        all.push(Tensor::Norm);
        if !self.tied {
            all.push(Tensor::Head);
        }
        all
    }

    /// The shape that a `config.json` says.
    ///
    /// # Errors
    /// If it is not JSON, of another kind of network, or uses what is not built here.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ModelError> {
        let json: Value = serde_json::from_slice(bytes)
            .map_err(|error| unfit("a config.json", format!("no JSON: {error}")))?;
        let architecture = json_architecture(&json)?;
        refuse_extras(&json)?;
        let size = |key: &str| json_size(&json, key);
        let (width, heads) = (size("hidden_size")?, size("num_attention_heads")?);
        let kv_heads =
            if given(&json, "num_key_value_heads") { size("num_key_value_heads")? } else { heads };
        let head_width =
            if given(&json, "head_dim") { size("head_dim")? } else { width / heads.max(1) };
        let number = |key: &str, default: f64| json[key].as_f64().unwrap_or(default) as f32;
        let theta = json["rope_parameters"]["rope_theta"].as_f64().map(|theta| theta as f32);
        let theta = theta.unwrap_or_else(|| number("rope_theta", 10_000.0));
        let config = Self {
            architecture,
            vocabulary: size("vocab_size")?,
            width,
            layers: size("num_hidden_layers")?,
            heads,
            kv_heads,
            head_width,
            inner: size("intermediate_size")?,
            theta,
            rope_factors: json_factors(&json, theta, head_width)?,
            epsilon: number("rms_norm_eps", 1e-6),
            context: size("max_position_embeddings")?,
            tied: json["tie_word_embeddings"].as_bool().unwrap_or(false),
        };
        config.checked()
    }

    /// The shape that the metadata of a GGUF file say.
    ///
    /// # Errors
    /// If it is of another kind of network, or uses what is not built here.
    pub fn from_gguf(file: &Gguf) -> Result<Self, ModelError> {
        let architecture = match file.text("general.architecture")? {
            "llama" => Architecture::Llama,
            "qwen3" => Architecture::Qwen3,
            other => {
                return Err(unfit("a GGUF model of architecture llama or qwen3", other));
            }
        };
        let key = |name: &str| format!("{}.{name}", architecture.gguf());
        let size = |name: &str| file.size(&key(name));
        let (width, heads) = (size("embedding_length")?, size("attention.head_count")?);
        let or = |name: &str, default: usize| {
            if file.has(&key(name)) { size(name) } else { Ok(default) }
        };
        let head_width = or("attention.key_length", width / heads.max(1))?;
        let rotated = or("rope.dimension_count", head_width)?;
        if rotated != head_width {
            return Err(unfit(format!("rotations of all {head_width} values of a head"), rotated));
        }
        let vocabulary = file.shape(&Tensor::Embedding.gguf_name())?[0];
        let config = Self {
            architecture,
            vocabulary,
            width,
            layers: size("block_count")?,
            heads,
            kv_heads: or("attention.head_count_kv", heads)?,
            head_width,
            inner: size("feed_forward_length")?,
            theta: file.number(&key("rope.freq_base")).unwrap_or(10_000.0) as f32,
            rope_factors: gguf_factors(file, &key("rope.scaling.type"), head_width)?,
            epsilon: file.number(&key("attention.layer_norm_rms_epsilon")).unwrap_or(1e-6) as f32,
            context: size("context_length")?,
            tied: !file.has_tensor(&Tensor::Head.gguf_name()),
        };
        config.checked()
    }

    /// Refuses shapes that no model has.
    fn checked(self) -> Result<Self, ModelError> {
        let sizes = [self.vocabulary, self.width, self.layers, self.heads, self.kv_heads];
        let more = [self.head_width, self.inner, self.context];
        // 2²⁴ of anything is more than any model of this kind has (the largest has 2¹⁸ tokens).
        if sizes.iter().chain(&more).any(|&size| size == 0 || size > 1 << 24) {
            return Err(unfit("sizes of a model, from 1 to 2^24", format!("{sizes:?} {more:?}")));
        }
        if !self.heads.is_multiple_of(self.kv_heads) || !self.head_width.is_multiple_of(2) {
            let found = format!("{} over {}, {} wide", self.heads, self.kv_heads, self.head_width);
            return Err(unfit("heads that share keys evenly, an even number wide", found));
        }
        if !(self.theta >= 1.0 && self.theta.is_finite() && self.epsilon >= 0.0) {
            let found = format!("{} and {}", self.theta, self.epsilon);
            return Err(unfit("a base of rotations and an epsilon that are numbers", found));
        }
        Ok(self)
    }
}

fn given(json: &Value, key: &str) -> bool {
    json.get(key).is_some_and(|value| !value.is_null())
}

fn json_size(json: &Value, key: &str) -> Result<usize, ModelError> {
    let size = json[key].as_u64().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| unfit(format!("a number as {key} in config.json"), &json[key]))
}

fn json_architecture(json: &Value) -> Result<Architecture, ModelError> {
    let name = json["architectures"][0].as_str().or_else(|| json["model_type"].as_str());
    match name {
        Some("LlamaForCausalLM" | "llama") => Ok(Architecture::Llama),
        Some("Qwen3ForCausalLM" | "qwen3") => Ok(Architecture::Qwen3),
        other => Err(unfit(
            "a config.json of LlamaForCausalLM or Qwen3ForCausalLM",
            other.unwrap_or("no architecture"),
        )),
    }
}

/// What a configuration can switch on that is not built here.
fn refuse_extras(json: &Value) -> Result<(), ModelError> {
    let on = |key: &str| json[key].as_bool() == Some(true);
    for key in ["attention_bias", "mlp_bias", "use_sliding_window"] {
        if on(key) {
            return Err(unfit(format!("a model without {key}"), "one that uses it"));
        }
    }
    match json["hidden_act"].as_str() {
        None | Some("silu") => Ok(()),
        Some(other) => Err(unfit("hidden_act silu", other)),
    }
}

/// What frequencies are divided by: nothing, a number, or as Llama 3.1 does.
fn json_factors(json: &Value, theta: f32, head_width: usize) -> Result<Vec<f32>, ModelError> {
    let scaling = [&json["rope_scaling"], &json["rope_parameters"]];
    let scaling = scaling.into_iter().find(|value| value.is_object()).unwrap_or(&Value::Null);
    let kind = scaling["rope_type"].as_str().or_else(|| scaling["type"].as_str());
    let number = |key: &str| {
        let value = scaling[key].as_f64();
        value.ok_or_else(|| unfit(format!("a number as {key} of rope_scaling"), &scaling[key]))
    };
    let pairs = head_width / 2;
    match kind {
        None | Some("default") => Ok(vec![1.0; pairs]),
        Some("linear") => Ok(vec![number("factor")? as f32; pairs]),
        Some("llama3") => {
            let (factor, context) =
                (number("factor")?, number("original_max_position_embeddings")?);
            let (low, high) = (number("low_freq_factor")?, number("high_freq_factor")?);
            let factor_of = |pair: usize| {
                let exponent = 2.0 * pair as f64 / head_width as f64;
                let length = std::f64::consts::TAU * f64::from(theta).powf(exponent);
                let smooth = ((context / length - low) / (high - low)).clamp(0.0, 1.0);
                1.0 / ((1.0 - smooth) / factor + smooth)
            };
            Ok((0..pairs).map(|pair| factor_of(pair) as f32).collect())
        }
        Some(other) => Err(unfit("rope_scaling of type default, linear or llama3", other)),
    }
}

fn gguf_factors(file: &Gguf, kind: &str, head_width: usize) -> Result<Vec<f32>, ModelError> {
    if let Ok(kind) = file.text(kind)
        && kind != "none"
    {
        return Err(unfit("rotations that are not scaled, or scaled by rope_freqs", kind));
    }
    let name = "rope_freqs.weight";
    if !file.has_tensor(name) {
        return Ok(vec![1.0; head_width / 2]);
    }
    let factors = file.floats(name)?;
    if factors.len() != head_width / 2 {
        return Err(unfit(format!("{} values in {name}", head_width / 2), factors.len()));
    }
    Ok(factors)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOL: &str = r#"{"architectures": ["LlamaForCausalLM"], "hidden_size": 576,
        "intermediate_size": 1536, "num_attention_heads": 9, "num_hidden_layers": 30,
        "num_key_value_heads": 3, "rms_norm_eps": 1e-05, "rope_theta": 100000, "vocab_size": 49152,
        "tie_word_embeddings": true, "max_position_embeddings": 8192, "rope_scaling": null}"#;

    fn error(json: &str) -> String {
        Config::from_json(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_configuration_of_smollm2_is_read() {
        let config = Config::from_json(SMOL.as_bytes()).unwrap();
        assert_eq!((config.head_width, config.kv_heads, config.tied), (64, 3, true));
        assert_eq!(config.tensors().len(), 2 + 30 * 9);
        assert_eq!(Tensor::Layer(3, LayerPart::Down).shape(&config), [576, 1536]);
    }

    #[test]
    fn what_is_not_built_here_is_refused_in_words() {
        assert!(error("[").contains("a config.json, but found no JSON"));
        assert!(error("{}").contains("but found no architecture"));
        assert!(error(r#"{"architectures": ["GPT2LMHeadModel"]}"#).contains("GPT2LMHeadModel"));
        assert!(error(&SMOL.replace("576", "\"wide\"")).contains("hidden_size"));
        assert!(error(&SMOL.replace("\": 9", "\": 8")).contains("share keys evenly"));
        assert!(error(&SMOL.replace("30", "0")).contains("from 1 to 2^24"));
        let scaled = SMOL.replace("null", r#"{"rope_type": "yarn", "factor": 4.0}"#);
        assert!(error(&scaled).contains("but found yarn"));
        let bias = SMOL.replace("{\"arch", "{\"attention_bias\": true, \"arch");
        assert!(error(&bias).contains("without attention_bias"));
    }

    #[test]
    fn llama3_scales_low_frequencies_alone() {
        let scaling = r#"{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}"#;
        let config = Config::from_json(SMOL.replace("null", scaling).as_bytes()).unwrap();
        let factors = &config.rope_factors;
        assert_eq!((factors[0], factors[31]), (1.0, 8.0));
        assert!(factors.is_sorted());
    }
}
