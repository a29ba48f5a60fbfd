//! What can be said to `refinex export`.

use clap::{Args, Subcommand, ValueEnum};
use refinex::expert::ExpertRun;
use refinex::sft::Dialect;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Export {
    /// Chat-format files for the generator: numbered lines in, program out.
    #[command(after_help = "Examples:
  refinex export sft labelled/ -o sft --dialect prompt-completion
  refinex export sft labelled/ -o sft --dialect llama-factory \\
    --max-tokens 16384 --tokenizer Qwen3-0.6B/tokenizer.json")]
    Sft(Sft),
    /// Dolma's layout: documents, and deletions as span attributes beside them.
    #[command(after_help = "Example:
  refinex export dolma labelled/ -o dolma --attribute refinex_noise")]
    Dolma(Dolma),
}

#[derive(Args)]
pub struct Dolma {
    /// A run directory, or files of rows {id, text, deletions} or {id, text, program}.
    pub set: String,
    /// Folder or URL to write to.
    #[arg(short, long)]
    pub output: String,
    /// Name of the attribute.
    #[arg(long, default_value = "refinex_noise")]
    pub attribute: String,
    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Sft {
    /// A run directory of labelled documents, such as `distill` or `refine` writes.
    pub run_directory: String,
    /// Folder or URL to write to.
    #[arg(short, long)]
    pub output: String,
    /// For which library.
    #[arg(long, default_value = "prompt-completion")]
    pub dialect: DialectChoice,
    /// Most bytes of a chunk.
    #[arg(long, value_name = "N", default_value_t = ExpertRun::CHUNK_BYTES)]
    pub chunk_bytes: usize,
    /// Most tokens of an example; a document that is over it is cut into smaller chunks.
    #[arg(long, value_name = "N", requires = "tokenizer")]
    pub max_tokens: Option<usize>,
    /// The tokenizer.json that counts them.
    #[arg(long, value_name = "FILE", requires = "max_tokens")]
    pub tokenizer: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum DialectChoice {
    /// {"messages": […]}.
    Messages,
    /// {"prompt": […], "completion": […]}: TRL, with loss on the completion alone.
    PromptCompletion,
    /// LLaMA-Factory, with its dataset_info.json.
    LlamaFactory,
    /// ms-swift, with its dataset_info.json.
    Swift,
    /// axolotl, with its datasets section.
    Axolotl,
}

impl DialectChoice {
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Messages => Dialect::Messages,
            Self::PromptCompletion => Dialect::PromptCompletion,
            Self::LlamaFactory => Dialect::LlamaFactory,
            Self::Swift => Dialect::Swift,
            Self::Axolotl => Dialect::Axolotl,
        }
    }
}
