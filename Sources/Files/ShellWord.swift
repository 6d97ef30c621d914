// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// A text as one word of a shell's command, such as the name of a file: as it is, or in single quotes.
///
/// A name that begins with a dash gets `./` in front, so that it is no option.
package func shellWord(_ text: String) -> String {
    let word = text.hasPrefix("-") ? "./\(text)" : text
    let isPlain =
        !word.isEmpty
        && word.unicodeScalars.allSatisfy { scalar in
            scalar.value > 127 || CharacterSet.alphanumerics.contains(scalar)
                || "_-./,:+@%=".unicodeScalars.contains(scalar)
        }
    return isPlain ? word : "'\(word.replacing("'", with: #"'\''"#))'"
}
