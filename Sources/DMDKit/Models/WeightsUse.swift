// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Weights

/// What a file of weights is for, as its metadata says.
struct WeightsUse: Equatable {
    /// What made it.
    enum Role: String {
        case teacher, generator
    }

    /// Under `dmd.role`; nil where nothing is said.
    var role: Role?
    /// Under `dmd.levels`, as JSON: the numbers of the levels of a generator, falling; nil where nothing is said, which for a
    /// generator is the highest alone.
    var levels: [Int]?

    private static let (roleKey, levelsKey) = ("dmd.role", "dmd.levels")

    init(role: Role?, levels: [Int]? = nil) { (self.role, self.levels) = (role, levels) }

    /// - Throws: ``KitError`` for levels that are none; `SafetensorsError` for a file that cannot be read.
    init(of file: URL) throws {
        let metadata = try SafetensorsFile(file).metadata
        role = metadata[Self.roleKey].flatMap(Role.init)
        guard let text = metadata[Self.levelsKey] else { return }
        let levels = try? JSONDecoder().decode([Int].self, from: Data(text.utf8))
        guard let levels, !levels.isEmpty, levels.allSatisfy({ $0 >= 0 }),
            zip(levels, levels.dropFirst()).allSatisfy(>)
        else {
            throw KitError(
                "\(file.relativePath) says in its metadata that its levels are \(text.prefix(60)), which are no falling numbers: "
                    + "take the file that dmd distill wrote.")
        }
        self.levels = levels
    }

    /// What the metadata holds.
    var metadata: [String: String] {
        var metadata: [String: String] = [:]
        metadata[Self.roleKey] = role?.rawValue
        metadata[Self.levelsKey] = levels.map { "\($0)" }
        return metadata
    }

    /// Steps where nothing is asked for: those of a generator, or of Heun's method.
    var usualSteps: Int { levels?.count ?? (role == .teacher ? 18 : 1) }
}
