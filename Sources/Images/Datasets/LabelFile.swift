// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// `dataset.json`, the classes of a set of images as EDM's data set tool writes them:
///
/// ```text
/// {"labels": [["00000/img00000000.png", 6], ...]}
/// ```
///
/// or `{"labels": null}`. Names are paths from where the file lies.
enum LabelFile {
    static let name = "dataset.json"

    /// The file for a class each, or none, of the images of these names, which need no escapes.
    static func data(labels: [Int]?, of names: [String]) -> Data {
        let pairs = labels.map { zip(names, $0).map { "[\"\($0)\", \($1)]" } }
        return Data("{\"labels\": \(pairs.map { "[\($0.joined(separator: ", "))]" } ?? "null")}".utf8)
    }

    /// What a class can be.
    static let classes = 0...Int(UInt16.max)

    private struct Contents: Decodable {
        let labels: [Label]?
    }

    private struct Label: Decodable {
        let name: String
        let value: Int

        init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            name = try pair.decode(String.self)
            value = try pair.decode(Int.self)
        }
    }

    /// Reads one class an image from `dataset.json`, in the order of `names`.
    static func labels(_ data: Data, of names: [String], file: String) throws -> [Int]? {
        guard let contents = try? JSONDecoder().decode(Contents.self, from: data) else {
            throw ImageError.badLabels(
                file: file,
                reason: "\"labels\" must be null or pairs of an image's name and a class, a whole number")
        }
        guard let pairs = contents.labels else { return nil }
        var byName: [String: Int] = [:]
        for pair in pairs {
            if let other = byName.updateValue(pair.value, forKey: pair.name), other != pair.value {
                throw ImageError.badLabels(
                    file: file, reason: "\(pair.name) has the class \(other) and the class \(pair.value)")
            }
        }
        return try names.map { name in
            guard let label = byName[name] else {
                throw ImageError.badLabels(file: file, reason: "there is none for \(name)")
            }
            guard classes.contains(label) else {
                throw ImageError.badLabels(
                    file: file,
                    reason: "\(name) has class \(label), which is not in 0...\(classes.upperBound)")
            }
            return label
        }
    }
}
