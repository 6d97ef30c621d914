// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation

/// Refuses settings that cannot apply.
///
/// - Parameters:
///   - settings: their names and values; nil where one is not given.
///   - reason: why none of them applies, as the rest of a sentence that the setting begins.
///   - advice: what to do.
/// - Throws: ``SettingError`` for the first that is given.
func refuse(_ settings: KeyValuePairs<String, Any?>, _ reason: String, advice: String = "leave it out") throws
{
    for (name, value) in settings where value != nil { throw SettingError(name, reason, advice) }
}

/// The sum of the list of the sums of a folder's files, in the order of their names.
///
/// - Parameter isMeant: whether a file of that name counts.
func sum(ofFilesIn folder: URL, _ isMeant: (String) -> Bool) throws -> String {
    let names = try names(in: folder).sorted().filter(isMeant)
    return sha256(Data(try names.map { try sha256(ofFile: folder.appending(path: $0)) }.joined().utf8))
}
