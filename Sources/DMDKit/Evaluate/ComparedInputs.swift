// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Torch

/// What a comparison compares, opened.
struct ComparedInputs {
    let subject: EvaluationInput
    let reference: EvaluationInput
    let teacher: EvaluationInput?
}

extension Comparison {
    /// Opens all; a set of images is brought to the size of a model that it is compared with.
    ///
    /// - Throws: ``KitError`` and ``SettingError`` for what does not compare.
    func open(_ prompts: Prompts?, _ context: JobContext) throws -> ComparedInputs {
        func open(_ input: EvaluationInputRequest, beside other: EvaluationInput? = nil) throws
            -> EvaluationInput
        {
            let size = other?.isModel == true ? other?.shape?[1] : input.size
            return try input.open(size: size, prompts, device: device, context)
        }
        let (one, other): (EvaluationInput, EvaluationInput)
        if subject.kind == .images {
            other = try open(reference)
            one = try open(subject, beside: other)
        } else {
            one = try open(subject)
            other = try open(reference, beside: one)
        }
        let inputs = ComparedInputs(subject: one, reference: other, teacher: try teacher.map { try open($0) })
        try inputs.requireComparable()
        try prompts?.requireFit(one, against: other)
        return inputs
    }
}

extension ComparedInputs {
    fileprivate func requireComparable() throws {
        if let ours = subject.shape, let theirs = reference.shape, ours != theirs {
            func size(_ shape: [Int]) -> String { "\(shape[2])x\(shape[1]) with \(shape[0]) channels" }
            throw KitError(
                "The images of \(subject.provenance.path) are \(size(ours)) and those of \(reference.provenance.path) are "
                    + "\(size(theirs)): make a set of one in the form of the other.")
        }
        for input in [subject, reference] { try input.requireCovariance() }
        guard let teacher else { return }
        guard case .model(let model) = subject.content, case .model(let other) = teacher.content,
            model(0).imageShape == other(0).imageShape, model(0).classCount == other(0).classCount,
            subject.provenance.isOfText == teacher.provenance.isOfText
        else {
            throw KitError(
                "\(teacher.provenance.path) makes other images or classes than \(subject.provenance.path): give its own "
                    + "teacher.")
        }
    }
}
