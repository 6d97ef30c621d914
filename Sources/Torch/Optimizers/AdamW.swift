// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
public import OrderedCollections

/// AdamW: Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2).
///
/// With gradient g, learning rate lr and t the number of this step, counted from 1:
/// ```
/// p = p - lr * weightDecay * p
/// m = beta1 * m + (1 - beta1) * g
/// v = beta2 * v + (1 - beta2) * g^2
/// p = p - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
/// ```
/// This is PyTorch's arithmetic, in which the decay is scaled by the learning rate; each group is updated by
/// one fused operation. A parameter without a gradient is left alone, but all share one t.
///
/// Make the optimizer after its parameters are on their device and in their memory format: its state follows
/// theirs.
public final class AdamW {
    /// Parameters that share their settings.
    public struct Group {
        /// The trained tensors by path.
        public let parameters: OrderedDictionary<String, Tensor>
        /// The step size, from 0.
        public var learningRate: Double
        /// The decay a step of the averages of the gradient and of its square, in [0, 1).
        public var betas: (Double, Double)
        /// Added to the denominator, above 0.
        public var epsilon: Double
        /// The fraction of a parameter, times the learning rate, taken away a step, from 0.
        public var weightDecay: Double

        /// A group; all but the learning rate default to PyTorch's values.
        public init(
            parameters: OrderedDictionary<String, Tensor>, learningRate: Double,
            betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0.01
        ) {
            self.parameters = parameters
            self.learningRate = learningRate
            self.betas = betas
            self.epsilon = epsilon
            self.weightDecay = weightDecay
        }
    }

    /// The averages of one parameter.
    private struct Moments {
        let mean: Tensor
        let square: Tensor
    }

    /// The groups; their settings hold from the next ``step()`` on.
    public private(set) var groups: [Group]

    private let moments: OrderedDictionary<String, Moments>
    private let stepCount: Tensor

    /// An optimizer of several groups, whose paths must be distinct.
    public init(groups: [Group]) {
        self.groups = groups
        let parameters = groups.flatMap { Array($0.parameters) }
        precondition(
            Set(parameters.map(\.key)).count == parameters.count,
            "a parameter is in two groups of the optimizer")
        moments = OrderedDictionary(
            uniqueKeysWithValues: parameters.map { path, parameter in
                (path, Moments(mean: .zerosLike(parameter), square: .zerosLike(parameter)))
            })
        stepCount = .zeros([], device: parameters.first?.value.device ?? .cpu)
    }

    /// An optimizer of one group.
    public convenience init(
        parameters: OrderedDictionary<String, Tensor>, learningRate: Double,
        betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0.01
    ) {
        self.init(groups: [
            Group(
                parameters: parameters, learningRate: learningRate, betas: betas, epsilon: epsilon,
                weightDecay: weightDecay)
        ])
    }

    /// The learning rate of the first group; setting it sets that of every group.
    public var learningRate: Double {
        get { groups.first?.learningRate ?? 0 }
        set { for index in groups.indices { groups[index].learningRate = newValue } }
    }

    /// The learning rate of each group, those that are missing as the last.
    public var learningRates: [Double] {
        get { groups.map(\.learningRate) }
        set {
            for index in groups.indices {
                groups[index].learningRate = newValue[min(index, newValue.count - 1)]
            }
        }
    }

    private static let increment = Operator("aten::add_.Scalar")
    private static let fusedUpdate = Operator("aten::_fused_adamw_")

    /// Updates every parameter that has a gradient.
    public func step() {
        withoutGradients {
            _ = Self.increment(.tensor(stepCount), 1)
            for group in groups { update(group) }
        }
    }

    /// Removes the gradients of all parameters.
    public func zeroGradients() {
        for group in groups {
            for parameter in group.parameters.values { parameter.setGradient(nil) }
        }
    }

    private func update(_ group: Group) {
        var parameters: [Tensor] = []
        var gradients: [Tensor] = []
        var means: [Tensor] = []
        var squares: [Tensor] = []
        for (path, parameter) in group.parameters {
            guard let gradient = parameter.gradient, let moments = moments[path] else { continue }
            parameters.append(parameter)
            gradients.append(gradient.inFormat(of: parameter))
            means.append(moments.mean)
            squares.append(moments.square)
        }
        guard !parameters.isEmpty else { return }
        Self.fusedUpdate.many(
            .tensors(parameters), .tensors(gradients), .tensors(means), .tensors(squares), .tensors([]),
            .tensors(Array(repeating: stepCount, count: parameters.count)), .double(group.learningRate),
            .double(group.betas.0), .double(group.betas.1), .double(group.weightDecay),
            .double(group.epsilon),
            /* amsgrad: */ false, /* maximize: */ false)
    }

    // MARK: State

    /// What the names of the averages of a gradient and of its square begin with in ``state``, before a slash and the parameter's path.
    package static let moments = ["exp_avg", "exp_avg_sq"]

    /// The tensors that a checkpoint needs: `step`, and `exp_avg/PATH` and `exp_avg_sq/PATH` of every
    /// parameter.
    ///
    /// They are the optimizer's own, so the next step changes them.
    public var state: OrderedDictionary<String, Tensor> {
        var state: OrderedDictionary = ["step": stepCount]
        for (path, moments) in moments {
            for (name, moment) in zip(Self.moments, [moments.mean, moments.square]) {
                state["\(name)/\(path)"] = moment
            }
        }
        return state
    }

    /// Continues from a saved ``state``, all of it or, when it throws, nothing.
    ///
    /// - Throws: ``StateMismatch`` if names or shapes differ.
    public func load(state saved: OrderedDictionary<String, Tensor>) throws {
        try StateMismatch.copy(saved, into: state, of: "the optimizer")
    }
}

extension Tensor {
    /// The same values laid out in memory as those of `other`: the fused update goes through both in memory
    /// order and does not look.
    func inFormat(of other: Tensor) -> Tensor {
        guard ct_tensor_is_contiguous(raw) != ct_tensor_is_contiguous(other.raw) else { return self }
        let result = Tensor.zerosLike(other)
        result.copy(from: self)
        return result
    }
}
