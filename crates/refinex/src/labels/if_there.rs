//! Labels where rows have them: a corpus may be labelled in part, or not at all.

use super::columns::Columns;
use super::row_labels::RowLabels;
use super::set::{Label, LabelError, Labels};
use refinex_core::Deletions;
use refinex_corpus::Unrefined;

/// Labels of rows, where they hold any. A document without labels has no deletions and says so: it
/// counts as not judged.
#[derive(Default)]
pub(crate) struct IfThere(RowLabels);

impl Labels for IfThere {
    fn next(&mut self, id: &str, text: &str, row: &Columns) -> Result<Label, LabelError> {
        match self.0.next(id, text, row) {
            Err(LabelError::Row("no_label", message)) => {
                let mut label = Label::plain(text, Deletions::none());
                label.row.unrefined = Some(Unrefined { reason: "no_label".to_owned(), message });
                Ok(label)
            }
            other => other,
        }
    }

    fn take_out(&self, columns: &mut Columns) {
        self.0.take_out(columns);
    }
}
