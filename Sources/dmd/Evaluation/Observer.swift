// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Files
import Foundation
import Torch
import Training
import Weights

/// Looks at images with a feature network, batch by batch, and keeps what it saw if it is interrupted.
struct Observer {
    /// What turns images into vectors.
    let network: any FeatureNetwork
    /// Whether single vectors are needed, or their mean and covariance do.
    var keepsFeatures: Bool
    /// Where an interrupted look is kept until the next; nil keeps none, and does not stop either.
    var folder: URL?

    private static let batch = 128

    /// Looks at all images of a source.
    ///
    /// - Parameters:
    ///   - title: what the display of progress calls them.
    ///   - key: names the source in ``folder``: equal keys are equal images.
    ///   - prompts: tells how well each image fits its prompt, where that is asked.
    /// - Throws: ``CommandError`` naming the images of a set that cannot be read, `ExitCode` if interrupted.
    func look(
        at source: ImageSource, title: String, key: String = "", prompts: Prompts? = nil
    ) throws -> Observations {
        var seen = try resumed(key) ?? Observations(network.kind, keepsFeatures: keepsFeatures)
        var progress = ProgressReport(title, total: source.count, done: seen.count, unit: "image")
        var unreadable: [String] = []
        for first in stride(from: seen.count, to: source.count, by: Self.batch) {
            let numbers = Array(first..<min(first + Self.batch, source.count))
            do {
                let levels = try source.levels(numbers)
                if unreadable.isEmpty { try seen.add(levels, of: source, network, prompts) }
            } catch  where source.isSet {
                unreadable += failures(of: source, numbers)
            }
            progress.update(numbers[0] + numbers.count)
            if isStopping, unreadable.isEmpty {
                progress.finish()
                try keep(seen, key: key)
                throw Ending.stopped()
            }
        }
        progress.finish()
        guard unreadable.isEmpty else { throw self.unreadable(unreadable, of: source.count) }
        return seen
    }

    /// Keeps what was seen for the next time.
    func keep(_ seen: Observations, key: String) throws {
        guard let folder else { return }
        try makeFolder(folder)
        try SafetensorsFile.write(seen.state, to: file(key, in: folder))
    }

    private var isStopping: Bool { folder != nil && Interrupt.isRequested }

    private func file(_ key: String, in folder: URL) -> URL {
        folder.appending(path: "\(sha256(Data(key.utf8)).prefix(32)).safetensors")
    }

    private func resumed(_ key: String) throws -> Observations? {
        guard let file = folder.map({ file(key, in: $0) }), FileManager.default.fileExists(atPath: file.path)
        else { return nil }
        let state = try SafetensorsFile(file).all()
        return Observations(network.kind, state: Dictionary(uniqueKeysWithValues: state.map { ($0, $1) }))
    }

    /// Why single images of a batch cannot be read.
    private func failures(of source: ImageSource, _ numbers: [Int]) -> [String] {
        numbers.compactMap { number in
            do {
                _ = try source.levels([number])
                return nil
            } catch { return "\(error)" }
        }
    }

    private func unreadable(_ reasons: [String], of count: Int) -> CommandError {
        let shown = reasons.prefix(5).map { "\n  \($0)" }.joined()
        let others = reasons.count > 5 ? "\n  and \(reasons.count - 5) more" : ""
        return CommandError(
            "\(reasons.count) of \(count) images cannot be read; remove or replace them:\(shown)\(others)")
    }
}
