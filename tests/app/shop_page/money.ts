export const format = (amount: number): string => amount.toFixed(2);
